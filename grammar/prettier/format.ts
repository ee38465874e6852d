// The text of a `.nn` file comes in; its canonical layout goes out.

import { format as formatWith } from "prettier/standalone";
import * as plugin from "./index.js";

/**
 * Formats a source. Runs in browsers as in Node.
 *
 * @throws FormatError where the text has mistakes; its message is the rendered diagnostics.
 */
export function format(source: string, filepath = "input.nn"): Promise<string> {
  return formatWith(source, { parser: "nn", plugins: [plugin], printWidth: 100, filepath });
}
