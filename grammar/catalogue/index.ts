// The catalogues of all ranges come in; one table from stable code to title goes out.

import { data } from "./data.js";
import { evaluation } from "./evaluation.js";
import { lexical } from "./lexical.js";
import { models } from "./models.js";
import { names } from "./names.js";
import { shapes } from "./shapes.js";
import { syntax } from "./syntax.js";
import { training } from "./training.js";

/** Every diagnostic code with its title. A code, once given out, is never reused. */
export const catalogue = {
  ...lexical,
  ...syntax,
  ...names,
  ...shapes,
  ...models,
  ...training,
  ...evaluation,
  ...data,
} as const;

export type DiagnosticCode = keyof typeof catalogue;
