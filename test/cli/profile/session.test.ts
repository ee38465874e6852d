// A plan with kernels for adapters in software in; what its profile asks of a device: timestamps besides all that a run asks for, out.

import { expect, it } from "vitest";
import { openProfiled } from "../../../cli/profile/session.js";
import { describeGpu, installNavigatorGpu, removeNavigatorGpu } from "../../support/adapter.js";
import { compileOne } from "../../support/compiled.js";

const model = compileOne(
  "model M { input x: [batch, 64]  output y = softmax(dense(x, 64) |> dense(64)) }",
);

describeGpu("a profile", () => {
  it("runs the kernels that a run has", async () => {
    const gpu = await installNavigatorGpu();
    const request = gpu.requestAdapter.bind(gpu);
    const asked: unknown[] = [];
    gpu.requestAdapter = async (options) => {
      const adapter = await request(options);
      if (!adapter) return adapter;
      const requestDevice = adapter.requestDevice.bind(adapter);
      adapter.requestDevice = (descriptor) => {
        asked.push(...(descriptor?.requiredFeatures ?? []));
        return requestDevice(descriptor);
      };
      return adapter;
    };
    const { session, meter } = await openProfiled(model.plan, model, "webgpu");
    session.backend.destroy();
    Reflect.deleteProperty(gpu, "requestAdapter");
    removeNavigatorGpu();
    expect(asked.sort()).toEqual(["subgroups", "timestamp-query"]);
    expect(meter.method).toContain("timestamps");
  });
});
