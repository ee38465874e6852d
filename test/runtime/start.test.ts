// Files of whole models and of instances by themselves in; what `start … from` lines take of them, and what they say of those that do not fit, out.
import { afterEach, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/api.js";
import { readSafetensors, writeSafetensors } from "../../runtime/safetensors.js";
import { compileOne, open } from "../support/compiled.js";

const nets: TrainingNet[] = [];
afterEach(() => {
  for (const net of nets.splice(0)) net.destroy();
});

const layer = `layer tower(x: [batch, n]): [batch, 1] { return x |> dense(2) |> batch_norm() |> dense(1) }`;
const alone = `${layer}
  model Alone { input x: [batch, 3]  z = x |> dense(2) |> batch_norm() |> dense(1)  output y = z  loss mean(z ^ 2) }
  train Alone { optimizer sgd(lr: 0.1)  steps 1  batch 2 }`;
const within = (start: string, more = ""): string => `${layer}
  model Student {
    input x: [batch, 3]
    shared teacher = tower()
    shared student = tower()
    z = student(x)
    output y = z + teacher(x, training: false)
    loss mean((z - teacher(x, training: false)) ^ 2)
  }
  train Student { ${start}  freeze teacher.*  optimizer sgd(lr: 0.1)  steps 1  batch 2  ${more} }`;
const x = [1, 2, 3, -1, 0.5, 2];

async function net(source: string, file?: Uint8Array, asked?: string[]): Promise<TrainingNet> {
  const readFile = (name: string, names: readonly string[]): Promise<Uint8Array> => {
    asked?.push(name, ...names);
    if (file === undefined) throw new Error("no file is to be read");
    return Promise.resolve(file);
  };
  const made = await open(compileOne(source), "f64", { readFile });
  nets.push(made);
  return made;
}

it("names in a file are those of the whole model, or those below an instance", async () => {
  const teacher = await net(alone);
  await teacher.fit({ x });
  const own = await teacher.save();
  const asked: string[] = [];
  const student = await net(within('start teacher.* from "alone"'), own, asked);
  await student.fit({ x });
  for (const name of ["dense_1.W", "dense_2.b", "batch_norm_1.running_mean"])
    expect(await student.read(`teacher.${name}`)).toEqual(await teacher.read(name));
  expect(await student.read("student.dense_1.W")).not.toEqual(await teacher.read("dense_1.W"));
  expect(asked[0]).toBe("alone");
  expect(asked).toEqual(expect.arrayContaining(["teacher.dense_1.W", "dense_1.W"]));

  const again = await net(within('start teacher.* from "whole"'), await student.save());
  await again.fit({ x });
  expect(await again.read("teacher.dense_1.W")).toEqual(await teacher.read("dense_1.W"));

  const weights = await net(within('start student.weights, teacher.* from "alone"'), own);
  await weights.fit({ x }, { steps: 0 }).catch(() => undefined);
  expect(await weights.read("teacher.dense_2.W")).toEqual(await teacher.read("dense_2.W"));
});

it("what does not fit is told with what the file has and what was wanted", async () => {
  const teacher = await net(alone);
  const { tensors } = readSafetensors(await teacher.save());
  const failure = async (
    start: string,
    change: (names: typeof tensors) => void,
  ): Promise<string> => {
    const changed = new Map(tensors);
    change(changed);
    const student = await net(within(start), writeSafetensors(changed));
    return student.fit({ x }).then(
      () => "nothing",
      (error: unknown) => String(error),
    );
  };
  const other = await failure('start teacher.* from "f"', (names) => {
    const W = names.get("dense_1.W");
    if (W !== undefined) names.set("linear.kernel", W);
    names.delete("dense_1.W");
  });
  expect(other).toContain("missing from the file: teacher.dense_1.W [3, 2]");
  expect(other).toMatch(/nor below the selector: .*dense_1\.W/);
  expect(other).toContain("the file has linear.kernel [3, 2]");
  const exact = await failure('start teacher.dense_1.W from "f"', () => undefined);
  expect(exact).toContain("missing from the file: teacher.dense_1.W [3, 2]");
  expect(exact).not.toContain("nor below");
  expect(exact).toContain("the file has dense_1.W [3, 2]");
  // One that stands there in full decides for all of the line.
  const mixed = await failure('start teacher.* from "f"', (names) => {
    const W = names.get("dense_1.W");
    if (W !== undefined) names.set("teacher.dense_1.W", W);
  });
  expect(mixed).toContain("missing from the file: teacher.dense_1.b [2]");
  const empty = await failure('start teacher.* from "f"', (names) => {
    names.clear();
  });
  expect(empty).toContain("the file has no tensors");
});
