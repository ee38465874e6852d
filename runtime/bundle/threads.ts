// A module's bytes and a number of threads in; what a `*.threads.js` file has besides the address of the threads' script, out: what opens threads.

export { openThreads } from "../threads.js";
