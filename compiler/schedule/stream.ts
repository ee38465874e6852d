// Takes the name path of a draw, gives its stream: a hash that is the third word of the generator's counter.

/** FNV-1a over the UTF-16 units, 32 bits. */
export function streamOf(path: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < path.length; index++) {
    hash = Math.imul(hash ^ path.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
