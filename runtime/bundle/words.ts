// An error in, its words filled in: the type of what a `*.words.js` file exports, which the generator writes in place of this: what each refusal says, by its number.

import { explainBy, type Wordless } from "./explain.js";

export const explain = (error: Error & Wordless): Promise<void> => explainBy({}, error);
