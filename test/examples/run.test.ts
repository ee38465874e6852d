// The examples' scripts, run as a reader would, in; what they print out.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const examples = join(import.meta.dirname, "../../examples");

function run(script: string, environment: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(examples, script)], {
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(`${script} ended with ${String(status)}\n${stdout}${stderr}`);
  return stdout;
}

/** The percentage printed after `title` and its ratings. */
function likely(text: string, title: string): number {
  return Number(new RegExp(`${title} \\(.*\\): (\\d+) % likely`).exec(text)?.[1]);
}

describe("examples/movies", () => {
  it("finds the line between the movies, and judges by it", () => {
    const text = run("movies/run.mjs");
    const losses = [...text.matchAll(/^epoch \d+: loss ([\d.]+)$/gm)].map((match) =>
      Number(match[1]),
    );
    expect(losses).toHaveLength(4);
    expect(losses).toEqual([...losses].sort((a, b) => b - a));
    expect(text).toContain("100 % of 32 movies");
    expect(likely(text, "Turnip Rides Again")).toBeGreaterThan(50);
    expect(likely(text, "The Long Way to the Bakery")).toBeLessThan(50);
    expect(likely(text, "Mostly Weather")).toBeGreaterThan(50);
  });
});

describe("examples/sorting", () => {
  it(
    "learns to sort: a short training sorts far more rows than chance would",
    { timeout: 120_000 },
    () => {
      const text = run("sorting/run.mjs", { STEPS: "800" });
      expect(text.match(/ → /g)).toHaveLength(10);
      const sorted = Number(/^(\d+) of 1000 rows/m.exec(text)?.[1]);
      // Sixteen bits, four guesses: by chance hardly any row is right.
      expect(sorted).toBeGreaterThan(250);
    },
  );
});
