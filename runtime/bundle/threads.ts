// A module's bytes and a number of threads in; what a `*.threads.js` file exports, out: what opens threads, each of which runs this file.

import { serve } from "../workers.js";

export { openThreads } from "../threads.js";

serve();
