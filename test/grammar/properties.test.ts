// A few hundred random programs in; that the properties of `properties.ts` hold, out.

import { grammarProperties } from "./properties.js";

grammarProperties(60, 100);
