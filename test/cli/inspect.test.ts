// In: small programs; out: what `nnc inspect` says of the memory that a model takes, and of what its steps keep.
import { describe, expect, test } from "vitest";
import { runProgram } from "../../cli/program.js";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";
import type { Recorder } from "./terminals.js";

const folder = temporaryFolder();

const source = `model Net {
  input x: [batch, 20]
  target y: [batch, 5]
  h = x |> dense(300, activation: tanh, name: "wide")
  k = h |> dense(200, activation: tanh, name: "narrow")
  output o = k |> dense(5, name: "last")
  loss mean((o - y) ^ 2)
}
train Net { optimizer sgd(lr: 0.1, momentum: 0.9)  batch 1024  epochs 1 }
`;

interface Inspected {
  readonly persistent: number;
  readonly given: number;
  readonly held: number;
  readonly step: number;
  readonly peak: number;
  readonly bound: number;
  readonly programs: readonly {
    readonly name: string;
    readonly temporary: number;
    readonly bound: number;
    readonly kept?: readonly {
      readonly places: readonly string[];
      readonly layers: readonly string[];
      readonly bytes: number;
      readonly share: number;
    }[];
  }[];
}

async function recorded(options: readonly string[], text = source): Promise<Recorder> {
  const terminal = recorder();
  const args = ["inspect", folder.put("net.nn", text), ...options];
  expect(await runProgram(args, { terminal, version: "0" })).toBe(0);
  return terminal;
}

async function inspect(...options: readonly string[]): Promise<string> {
  return (await recorded(options)).written.join("");
}

async function inspected(...options: readonly string[]): Promise<Inspected> {
  const [only] = JSON.parse(await inspect("--json", ...options)) as [Inspected];
  return only;
}

const parameters = 20 * 300 + 300 + 300 * 200 + 200 + 200 * 5 + 5;

describe("nnc inspect", () => {
  test.each([1024, 64])(
    "counts parameters, momentum, data and temporaries at %d",
    async (batch) => {
      const found = await inspected("--batch", String(batch));
      expect(found.persistent).toBe(4 * 2 * parameters);
      expect(found.given).toBe(4 * batch * (20 + 5));
      // The one number of the set that evaluations hold.
      expect(found.held).toBe(4);
      const most = Math.max(...found.programs.map(({ temporary }) => temporary));
      expect(found.peak).toBe(found.persistent + found.given + found.held + most);
      for (const { temporary, bound } of found.programs)
        expect(temporary).toBeGreaterThanOrEqual(bound);
      const least = Math.max(...found.programs.map(({ bound }) => bound));
      expect(found.bound).toBe(found.persistent + found.given + found.held + least);
      // Both hidden layers live when the gradient begins.
      expect(least).toBeGreaterThanOrEqual(4 * batch * (300 + 200));
      expect(found.peak).toBeLessThanOrEqual(1.05 * found.bound);
    },
  );

  test("lists what a step keeps for its gradients by source line, the largest first", async () => {
    const { programs } = await inspected();
    const step = programs.find(({ kept }) => kept !== undefined);
    const kept = step?.kept ?? [];
    const own = kept.map(({ places, layers, bytes }) => [places.join(), layers.join(), bytes]);
    expect(own).toEqual([
      ["net.nn:4", "wide", 4 * 1024 * 300],
      ["net.nn:5", "narrow", 4 * 1024 * 200],
      // What the loss squares, not what it takes.
      ["net.nn:7", "", 4 * 1024 * 5],
    ]);
    expect(kept.map(({ share }) => share)).toEqual([300 / 505, 200 / 505, 5 / 505]);
    const text = await inspect();
    expect(text).toMatch(
      /step\S* keeps 2\.07 MB from its forward pass for its gradients, by source line\n +net\.nn:4 +wide +1\.23 MB +59 %\n +net\.nn:5 +narrow +819 kB +40 %\n/,
    );
    expect(text).toMatch(
      / kB of inputs and targets, 4 B held of whole sets, .* at peak, 1\.\d\d times what lives at once\n/,
    );
  });

  test("has no table of programs where a model computes nothing", async () => {
    const { written } = await recorded([], "model None { }\n");
    expect(written.join("")).not.toMatch(/kernels|operations/);
  });

  test("computes again what does not fit --recompute, and says how near that comes", async () => {
    // More layers, so that what is kept of them is more than what one takes.
    const layers = "  for i in range(6) { h = h |> dense(300, activation: tanh) }\n  k = h";
    const deep = source.replace("  k = h", layers);
    const stepOf = ({ written }: Recorder): number => {
      const [{ step }] = JSON.parse(written.join("")) as [Inspected];
      return step;
    };
    const kept = stepOf(await recorded(["--json"], deep));
    const fitting = await recorded(["--json", "--recompute", String(kept)], deep);
    expect([stepOf(fitting), fitting.notes]).toEqual([kept, []]);
    const tight = await recorded(["--json", "--recompute", "1"], deep);
    expect(stepOf(tight)).toBeLessThan(0.9 * kept);
    expect(tight.notes.join("\n")).toMatch(
      /^Net: a step takes [\d.]+ MB at its peak: no way was found to come nearer to the 1 B of --recompute by/,
    );
  });
});
