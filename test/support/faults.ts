// A device of the software adapter in; switches that make its allocations and submissions fail as a real one's do, out.

export const failingCalls = ["scope", "map", "submit", "buffer", "thrown buffer"] as const;
export type FailingCall = (typeof failingCalls)[number];

export interface Faults {
  /** Buffers larger than this find no memory; undefined: all do. */
  largest: number | undefined;
  /** How many submissions from now on are refused. */
  refused: number;
  /** The one call from now on of its kind (1 is the next) that fails; undefined: none. */
  failing: { readonly call: FailingCall; readonly at: number } | undefined;
  /** Labels of the buffers that live. */
  living(): string[];
}

interface Scope {
  error: GPUError | undefined;
  readonly filter: GPUErrorFilter;
}

/** What fails is really invalid on the device; that it was for want of memory is all that is made up. */
export function injectFaults(device: GPUDevice): Faults {
  const scopes: Scope[] = [];
  const push = device.pushErrorScope.bind(device);
  const pop = device.popErrorScope.bind(device);
  const create = device.createBuffer.bind(device);
  const submit = device.queue.submit.bind(device.queue);
  const living = new Set<GPUBuffer>();
  const faults: Faults = {
    largest: undefined,
    refused: 0,
    failing: undefined,
    living: () => [...living].map(({ label }) => label),
  };
  const failsNow = (call: FailingCall): boolean => {
    const { failing } = faults;
    if (failing?.call !== call) return false;
    faults.failing = failing.at === 1 ? undefined : { call, at: failing.at - 1 };
    return failing.at === 1;
  };
  device.pushErrorScope = (filter) => {
    scopes.push({ filter, error: undefined });
    push(filter);
    return undefined;
  };
  device.popErrorScope = async () => {
    const { error, filter } = scopes.pop() ?? {};
    const injected = filter === "internal" && failsNow("scope") ? { message: "injected" } : null;
    const found = await pop();
    return injected ?? error ?? found;
  };
  const invalidBuffer = (descriptor: GPUBufferDescriptor): GPUBuffer => {
    const scope = scopes.findLast(({ filter }) => filter === "out-of-memory");
    if (scope) scope.error = { message: "injected" };
    push("validation");
    // Mapping for reading and for writing go with nothing else.
    const buffer = create({ ...descriptor, usage: 1 | 2 | 128 });
    void pop();
    return buffer;
  };
  device.createBuffer = (descriptor) => {
    if (failsNow("thrown buffer")) throw new RangeError("createBuffer failed, injected");
    const fails = failsNow("buffer") || descriptor.size > (faults.largest ?? Infinity);
    const buffer = fails ? invalidBuffer(descriptor) : create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    living.add(buffer);
    const map = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = (...given) =>
      failsNow("map") ? Promise.reject(new Error("mapping failed, injected")) : map(...given);
    buffer.destroy = () => {
      living.delete(buffer);
      destroy();
      return undefined;
    };
    return buffer;
  };
  device.queue.submit = (commands) => {
    if (failsNow("submit")) faults.refused++;
    if (faults.refused === 0) {
      submit(commands);
      return undefined;
    }
    faults.refused--;
    const encoder = device.createCommandEncoder();
    encoder.popDebugGroup();
    submit([encoder.finish()]);
    return undefined;
  };
  return faults;
}
