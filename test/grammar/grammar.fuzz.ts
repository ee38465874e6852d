// Random programs for five minutes in; that the properties of `properties.ts` hold, out.

import { grammarProperties } from "./properties.js";

grammarProperties(300);
