// An option that a command does not have, and those that it has, in; a hint at what is meant, out, where that can be told.
import { ownEntry } from "../compiler/ownEntry.js";
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
  "--set": ["--define", "--param"],
  "--batch": ["--batch-size"],
  "--root": ["--cwd", "--dir", "--include"],
  "--seed": ["--random-seed", "--random-state"],
  "--quiet": ["--silent", "--no-progress"],
  "--minify": ["--minimize", "--min", "--small"],
  "--external-runtime": ["--external"],
  "--rows": ["--examples", "--limit"],
  "--examples": ["--rows", "--limit"],
};

/** What files say, and no option: how it stands in a `train` block. */
const saidInFiles: Readonly<Record<string, string>> = {
  "--lr": "optimizer adam(lr: 1e-3)",
  "--learning-rate": "optimizer adam(lr: 1e-3)",
  "--optimizer": "optimizer adam()",
  "--batch-size": "batch 32",
};

/** Names that other tools have come first; then what files say; then letters that agree but for a slip. */
export function hintAt(given: string, known: readonly string[]): string | undefined {
  const [other] = known.filter((name) => ownEntry(otherNames, name)?.includes(given));
  const inFile = ownEntry(saidInFiles, given);
  if (other === undefined && inFile !== undefined)
    return `the file says that, in its train block: ${inFile}`;
  const near = nearest(
    given.slice(2),
    known.map((name) => name.slice(2)),
  );
  const meant = other ?? (near === undefined ? undefined : `--${near}`);
  return meant === undefined ? undefined : `did you mean ${meant}?`;
}
