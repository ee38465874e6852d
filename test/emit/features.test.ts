// Programs that need much or little of the runtime in; small bundles that carry what they need, out.

import { describe, expect, it } from "vitest";
import { compile } from "../../compiler/compile.js";
import { emit, type EmitOptions } from "../../compiler/emit/bundle.js";
import { isPlain } from "../../compiler/emit/features.js";
import { minifyJavaScript } from "../../compiler/emit/minify.js";
import * as runtime from "../../compiler/emit/runtimeText.generated.js";
import { withoutVariants } from "../../compiler/emit/variants.js";
import type { HostExpression, Plan } from "../../runtime/plan.js";

const dense = `
model M {
  input x: [batch, 64]
  target y: [batch, 8]
  output z = x |> dense(64, activation: relu) |> dense(8)
  loss (z - y) ^ 2
}
train M { optimizer adam(lr: 0.001)  batch 32  epochs 1  seed 1 }
`;
const recurrent = dense
  .replace("[batch, 64]", "[batch, 9, 16]")
  .replace("output z = x", "h = x |> lstm(16)\n  output z = h[:, -1]");

function modelOf(text: string): ReturnType<typeof compile>["models"] {
  const { models, diagnostics } = compile(text, { file: "m.nn" });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return models;
}

async function moduleOf(text: string, options: EmitOptions = {}): Promise<string> {
  const files = await emit(modelOf(text), { minify: true, file: "m.nn", ...options });
  return (files["m.train.js"] ?? "").replaceAll("./m.train.", "./$");
}

/** Not `toContain`, which prints both. */
function carries(text: string, part: string): boolean {
  return text.includes(minifyJavaScript(part));
}

describe("a small bundle", () => {
  it("leaves out what its plan does not use", async () => {
    expect(carries(await moduleOf(dense), runtime.trainingRuntimePlain)).toBe(true);
  });

  it.each<[string, string, EmitOptions]>([
    ["loops", recurrent, {}],
    ["variants of kernels", dense, { software: true }],
  ])("has what it needs: %s", async (_name, text, options) => {
    expect(carries(await moduleOf(text, options), runtime.trainingRuntimeMinified)).toBe(true);
  });

  it("has the error functions where the host computes them, however deep", () => {
    const [model] = modelOf(dense);
    if (!model) throw new Error("no model");
    const plan = withoutVariants(model.training.plan);
    const withHost = (value: HostExpression): Plan => ({
      ...plan,
      programs: plan.programs.map((program) => ({
        ...program,
        uniforms: [...program.uniforms, { kind: "host", value }],
      })),
    });
    expect(isPlain(plan)).toBe(true);
    expect(isPlain(withHost(["exp", ["scalar", "erf"]]))).toBe(true);
    for (const name of ["erf", "erfc", "erfinv"])
      expect(isPlain(withHost(["add", 1, [name, ["scalar", "step"]]]))).toBe(false);
  });
});
