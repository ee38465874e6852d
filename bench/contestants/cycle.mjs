// A list in; its entries one after the other, again and again, out.

export function createCycle(entries) {
  let count = 0;
  return () => entries[count++ % entries.length];
}
