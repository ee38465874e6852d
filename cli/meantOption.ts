// An option that a command does not have, and those that it has, in; the one that is meant, out, where that can be told.
import { nearest } from "../grammar/nearest.js";

/** What other tools call ours. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  "--output": ["--out", "--outdir", "--out-dir", "--outfile", "--out-file", "--dest", "--dist"],
  "--data": ["--input", "--inputs", "--dataset", "--train", "--file", "--csv"],
  "--weights": ["--checkpoint", "--load", "--params", "--parameters", "--restore", "--ckpt"],
  "--backend": ["--device", "--gpu", "--cpu", "--accelerator"],
  "--threads": ["--workers", "--jobs", "--num-threads", "--cores"],
  "--epochs": ["--iterations", "--num-epochs", "--max-epochs"],
  "--steps": ["--max-steps", "--num-steps"],
  "--set": ["--define", "--param", "--lr", "--batch-size", "--learning-rate"],
  "--batch": ["--batch-size"],
  "--root": ["--cwd", "--dir", "--include"],
  "--seed": ["--random-seed", "--random-state"],
  "--quiet": ["--silent", "--no-progress"],
  "--minify": ["--minimize", "--min", "--small"],
  "--external-runtime": ["--external"],
  "--rows": ["--examples", "--limit"],
  "--examples": ["--rows", "--limit"],
};

/** Names that other tools have come first; then letters that agree but for a slip. */
export function meantOption(given: string, known: readonly string[]): string | undefined {
  const [other] = known.filter((name) => otherNames[name]?.includes(given));
  if (other !== undefined) return other;
  const near = nearest(
    given.slice(2),
    known.map((name) => name.slice(2)),
  );
  return near === undefined ? undefined : `--${near}`;
}
