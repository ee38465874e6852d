// A shader as plans hold it in; the same for a device with subgroups, or for one on which barriers cost more than what they spare, out.

/** Behind `//+` stands what it computes, between `//-` and `//=` what others do in its place. */
export function inSubgroups(code: string): string {
  return `enable subgroups;${code.replace(/\/\/-[^]*?\/\/=|\/\/\+/g, "")}`;
}

/** Behind `//*` stands what an invocation computes by itself, between `//<` and `//>` what those of a workgroup do together. */
export function alone(code: string): string {
  return code.replace(/\/\/<[^]*?\/\/>|\/\/\*/g, "");
}
