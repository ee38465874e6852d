// Compiled models in; what the runtime makes of fitted values, monitors and storages of every type, on both backends, out.

import { afterEach, describe, expect, it } from "vitest";
import type { StepReport, TrainingNet } from "../../runtime/api.js";
import type { NnError } from "../../runtime/errors.js";
import type { RuntimeOptions } from "../../runtime/index.js";
import { openSession } from "../../runtime/train/open.js";
import type { Plan, PlanType } from "../../runtime/plan.js";
import { resetStorages } from "../../runtime/session.js";
import { softwareDevice, softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

const standardized = compileOne(`
model Scaled {
  input x: [batch, 2]
  target y: [batch]
  output out = (x |> standardize() |> dense(1))[:, 0]
  loss (out - y) ^ 2
}
train Scaled { optimizer adam(lr: 0.01)  batch 5  epochs 1  seed 1 }
`);

function monitored(line: string): string {
  return `
model Watched {
  input x: [batch, 2]
  target y: [batch]
  output out = (x |> dense(3, activation: tanh) |> dense(1))[:, 0]
  loss (out - y) ^ 2
}
train Watched { optimizer adam(lr: 0.01)  batch 4  epochs 2  seed 1  ${line} }
`;
}
const watched = compileOne(monitored("monitor update_ratio, gradient_norm"));
const unwatched = compileOne(monitored(""));

/** Far from 0, so that a variance around anything but the mean is far off. */
const rows = 23;
const x = Float32Array.from({ length: 2 * rows }, (_, at) => 3 + (at % 2) + Math.sin(at * 2.3));
const y = Float32Array.from({ length: rows }, (_, at) => Math.cos(at));

function moments(axis: number): [number, number] {
  const values = [...x].filter((_, at) => at % 2 === axis);
  const mean = values.reduce((sum, value) => sum + value, 0) / rows;
  return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows];
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "nothing was thrown",
    (error: unknown) => (error as NnError).code,
  );
}

const nets: TrainingNet[] = [];
afterEach(() => {
  for (const net of nets.splice(0)) net.destroy();
});

describe.each(softwareExpected ? (["f32", "webgpu"] as const) : (["f32"] as const))(
  "on %s",
  (backend) => {
    const opened = async (
      model = standardized,
      options: Partial<RuntimeOptions> = {},
    ): Promise<TrainingNet> => {
      const net = await open(model, backend, options);
      nets.push(net);
      return net;
    };

    it("a fitted value that needs another one divides by the whole set in each batch", async () => {
      const net = await opened();
      const check = async (): Promise<void> => {
        const center = await net.read("standardize_1.center");
        const variance = await net.read("standardize_1.variance");
        for (const axis of [0, 1]) {
          expect(center[axis]).toBeCloseTo(moments(axis)[0], 4);
          expect(variance[axis]).toBeCloseTo(moments(axis)[1], 4);
        }
      };
      await net.fit({ x, y });
      await check();
      // How many examples a stream has is known after its first pass.
      await net.write("standardize_1.center", [0, 0]);
      await net.prepare(() =>
        [0, 5, 10, 15, 20].map((row) => ({ x: x.slice(2 * row, 2 * row + 10) })),
      );
      await check();
    });

    it("a fitted value that is no number is refused by name before anything is trained", async () => {
      const net = await opened();
      await net.prepare({ x });
      const huge = x.slice();
      huge[7] = 1e25;
      const refused = {
        code: "not-finite",
        details: { tensor: "standardize_1.variance", element: [1] },
      };
      const words =
        "the fitted value standardize_1.variance is Infinity at [1], computed from this";
      const prepared = net.prepare({ x: huge });
      await expect(prepared).rejects.toMatchObject(refused);
      await expect(prepared).rejects.toThrow(words);
      const steps: StepReport[] = [];
      const fitted = net.fit({ x: huge, y }, { onStep: (step) => steps.push(step) });
      await expect(fitted).rejects.toMatchObject(refused);
      expect(steps).toEqual([]);
      // What went wrong is computed anew.
      await net.fit({ x, y });
      expect((await net.read("standardize_1.variance"))[1]).toBeCloseTo(moments(1)[1], 4);
    });

    it("fitted values that were written, or loaded, need no preparation", async () => {
      const batch = { x: x.slice(0, 10), y: y.slice(0, 5) };
      const net = await opened();
      expect(await codeOf(net.step(batch))).toBe("not-prepared");
      await net.write("standardize_1.center", [3, 4]);
      expect(await codeOf(net.step(batch))).toBe("not-prepared");
      await net.write("standardize_1.variance", [0.5, 0.5]);
      await net.step(batch);
      await net.fit({ x, y });
      expect([...(await net.read("standardize_1.center"))]).toEqual([3, 4]);
      for (const optimizer of [false, true]) {
        const again = await opened(standardized, { weights: await net.save({ optimizer }) });
        await again.step(batch);
        expect([...(await again.read("standardize_1.variance"))]).toEqual([0.5, 0.5]);
      }
    });

    it("what is monitored is computed at the end of an epoch alone, and changes nothing", async () => {
      const steps: StepReport[] = [];
      const net = await opened(watched);
      const { epochs } = await net.fit({ x, y }, { onStep: (step) => void steps.push(step) });
      const counts = steps.map(({ monitors }) => Object.keys(monitors).length);
      expect(counts).toEqual([0, 0, 0, 0, 8, 8, 0, 0, 0, 0, 8, 8]);
      for (const { monitors } of epochs) {
        expect(monitors["update_ratio.dense_1.W"]).toBeGreaterThan(0);
        expect(monitors["gradient_norm.dense_2.b"]).toBeGreaterThan(0);
      }
      const plain = await opened(unwatched);
      await plain.fit({ x, y });
      expect(await net.read("dense_1.W")).toEqual(await plain.read("dense_1.W"));
      await net.step({ x: x.slice(0, 8), y: y.slice(0, 4) });
      expect(Object.keys((await net.report()).monitors)).toHaveLength(8);
    });

    it("storages of every type begin anew at their first values", async () => {
      const first = { f32: 0.25, i32: -7, u32: 4_000_000_000, bool: 1 };
      const types = Object.keys(first) as PlanType[];
      const plan: Plan = {
        ...standardized.plan,
        parameters: [],
        kernels: [],
        programs: [],
        storages: types.map((type) => ({
          name: type,
          type,
          elements: 3,
          kind: "optimizer",
          initial: first[type],
        })),
      };
      const device = backend === "webgpu" ? await softwareDevice() : undefined;
      const session = await openSession(plan, {
        ...(device ? { device } : { backend: "cpu" }),
        openCpu: async () => {
          const { createCpuBackend } = await import("../../runtime/cpu.js");
          return createCpuBackend(plan, { kernels: {} }, 32);
        },
      });
      const storages = [...types.keys()];
      for (const index of storages) session.backend.writeRange(index, 1, [0, 0]);
      resetStorages(plan, session.backend, storages);
      const values = storages.map((index) => session.backend.readRange(index, 0, 3));
      const expected = types.map((type) => [first[type], first[type], first[type]]);
      expect((await Promise.all(values)).map((array) => [...array])).toEqual(expected);
      session.backend.destroy();
    });
  },
);

it("a dispatch that only monitors need says so", () => {
  const steps = watched.plan.programs.filter(({ kind }) => kind === "step");
  const serving = steps.flatMap(({ dispatches }) => dispatches.filter(({ serves }) => serves));
  expect(serving.length).toBeGreaterThan(0);
  const plain = unwatched.plan.programs.filter(({ kind }) => kind === "step");
  const count = (programs: typeof steps): number =>
    programs.flatMap(({ dispatches, results }) =>
      dispatches.filter(
        ({ serves }) =>
          !serves?.every((result) => results[result]?.name.startsWith("monitor.") === true),
      ),
    ).length;
  // Without monitors a step costs what it costs where nothing is monitored, but for one fusion.
  expect(count(steps)).toBeLessThanOrEqual(count(plain) + 1);
});
