// Nothing in; what each thread of the library runs.

import { serve } from "./bundle/thread.js";

serve();
