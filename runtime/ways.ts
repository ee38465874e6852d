// A shader as plans hold it in; the same for a device with subgroups out.

/** Behind `//+` stands what it computes, between `//-` and `//=` what others do in its place. */
export function inSubgroups(code: string): string {
  return `enable subgroups;${code.replace(/\/\/-[^]*?\/\/=|\/\/\+/g, "")}`;
}
