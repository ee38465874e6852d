// Random programs for a few seconds in; that the properties of `properties.ts` hold, out.

import { grammarProperties } from "./properties.js";

grammarProperties(5);
