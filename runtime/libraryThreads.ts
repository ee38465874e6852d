// A module's bytes and a number of threads in; threads that run the library's own script, out.

import { openThreads as openWith, type Threads } from "./threads.js";

/** As `*.threads.js` of a bundle exports it. */
export function openThreads(bytes: Uint8Array, wish: number | "auto"): Promise<Threads | string> {
  return openWith(bytes, wish, {
    // Bundlers know this form, and no other.
    start: () =>
      new Worker(new URL("./thread.js", import.meta.url), {
        type: "module",
        name: "nnc-thread",
      }),
    address: () => new URL("./thread.js", import.meta.url),
  });
}
