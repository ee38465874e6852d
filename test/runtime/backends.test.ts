// WebGPU that fails in every way before a net is open in; the CPU, and why, out.

import { afterEach, expect, it } from "vitest";
import { load, NnError } from "../../runtime/index.js";
import { describeGpu, softwareDevice, softwareGpu } from "../support/adapter.js";
import { lineModule, linePlan } from "./support/line.js";

const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
const cpu = { cpu: () => Promise.resolve(lineModule), seed: 7 };

/** `navigator.gpu` as a browser might have it. */
function provide(gpu: unknown): void {
  Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
}

const adapter = (parts: object): object => ({
  requestAdapter: () => Promise.resolve({ limits: {}, info: { vendor: "acme" }, ...parts }),
});

describeGpu("a net that may choose", () => {
  afterEach(() => {
    if (before) Object.defineProperty(globalThis, "navigator", before);
  });

  /** A hardware adapter whose device is spoilt. */
  const spoilt = async (spoil: (device: GPUDevice) => void): Promise<object> => {
    const device = await softwareDevice();
    spoil(device);
    return adapter({ requestDevice: () => Promise.resolve(device) });
  };

  it.each<[string, () => unknown, RegExp]>([
    ["is not there", () => undefined, /not available/],
    ["has no adapter", () => ({ requestAdapter: () => Promise.resolve(null) }), /no adapter/],
    ["rejects", () => ({ requestAdapter: () => Promise.reject(new Error("blocked")) }), /blocked/],
    [
      "throws",
      () => ({
        requestAdapter: () => {
          throw new Error("no adapter for you");
        },
      }),
      /adapter/,
    ],
    ["is no object of ours", () => ({}), /requestAdapter/],
    [
      "gives no device",
      () => adapter({ requestDevice: () => Promise.reject(new Error("crashed")) }),
      /acme\) gives no device: .*crashed/,
    ],
    [
      "tells nothing of itself",
      () => adapter({ info: undefined, requestDevice: () => Promise.reject(new Error("none")) }),
      /an unnamed adapter\) gives no device/,
    ],
    [
      "loses its device at once",
      () =>
        spoilt((device) => {
          device.destroy();
        }),
      /lost/,
    ],
    [
      "refuses a kernel",
      () =>
        spoilt((device) => {
          device.createComputePipelineAsync = () => Promise.reject(new Error("bad driver"));
        }),
      /refused the kernel \w+: .*bad driver/,
    ],
    [
      "has no memory",
      () =>
        spoilt((device) => {
          device.createBuffer = () => {
            throw new RangeError("too large");
          };
        }),
      /not enough memory for the parameters/,
    ],
  ])("takes the CPU where WebGPU %s, and says why", async (_, gpu, reason) => {
    provide(await gpu());
    const net = await load(linePlan(), cpu);
    expect(net.backend).toBe("cpu");
    expect(net.backendReason).toMatch(reason);
    expect((await net.predict({ x: [[1, 2]] }))["y"]?.length).toBe(1);
    net.destroy();
    const failed = await load(linePlan(), { ...cpu, backend: "webgpu" }).catch((e: unknown) => e);
    expect(failed).toBeInstanceOf(NnError);
  });

  it("takes an adapter that tells nothing of itself where it works", async () => {
    const real = await (await softwareGpu()).requestAdapter();
    if (!real) throw new Error("no adapter");
    const { limits } = real;
    provide(adapter({ info: undefined, limits, requestDevice: () => real.requestDevice() }));
    const net = await load(linePlan(), cpu);
    expect([net.backend, net.backendReason]).toEqual(["webgpu", "WebGPU on an unnamed adapter"]);
    net.destroy();
  });

  it("takes an adapter of compatibility mode where there is no other", async () => {
    const software = await softwareGpu();
    provide({
      requestAdapter: async (options: GPURequestAdapterOptions) =>
        options.featureLevel === "compatibility" ? software.requestAdapter(options) : null,
    });
    const net = await load(linePlan(), { ...cpu, backend: "webgpu" });
    expect(net.backend).toBe("webgpu");
    expect((await net.predict({ x: [[1, 2]] }))["y"]?.length).toBe(1);
    net.destroy();
  });
});
