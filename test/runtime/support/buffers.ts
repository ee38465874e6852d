// A device in; the labels of its buffers that live, whenever they are asked for, out.

export function countBuffers(device: GPUDevice): () => readonly string[] {
  const made: GPUBuffer[] = [];
  const destroyed = new Set<GPUBuffer>();
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      destroyed.add(buffer);
      destroy();
      return undefined;
    };
    made.push(buffer);
    return buffer;
  };
  return () => made.filter((buffer) => !destroyed.has(buffer)).map(({ label }) => label);
}
