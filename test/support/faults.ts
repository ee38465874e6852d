// A device of the software adapter in; switches that make its allocations and submissions fail as a real one's do, out.

export interface Faults {
  /** Buffers larger than this find no memory; undefined: all do. */
  largest: number | undefined;
  /** How many submissions from now on are refused. */
  refused: number;
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
    living: () => [...living].map(({ label }) => label),
  };
  device.pushErrorScope = (filter) => {
    scopes.push({ filter, error: undefined });
    push(filter);
    return undefined;
  };
  device.popErrorScope = async () => {
    const { error } = scopes.pop() ?? {};
    const found = await pop();
    return error ?? found;
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
    const fails = descriptor.size > (faults.largest ?? Infinity);
    const buffer = fails ? invalidBuffer(descriptor) : create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    living.add(buffer);
    buffer.destroy = () => {
      living.delete(buffer);
      destroy();
      return undefined;
    };
    return buffer;
  };
  device.queue.submit = (commands) => {
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
