// What an adapter tells of itself in; its name, and whether a processor computes what a GPU should, out.

/** What is known of an adapter; some browsers tell nothing. */
export type AdapterInfo = Partial<GPUAdapterInfo> | undefined;

export function nameOfAdapter(info: AdapterInfo): string {
  return [info?.vendor, info?.architecture, info?.device, info?.description]
    .filter(Boolean)
    .join(" ");
}

/** Whether a processor computes what a GPU should. */
export function isSoftware(info: AdapterInfo): boolean {
  const known = /swiftshader|llvmpipe|lavapipe|software|basic render/i;
  return info?.isFallbackAdapter === true || known.test(nameOfAdapter(info));
}
