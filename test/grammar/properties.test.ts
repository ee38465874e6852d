/** The properties of `properties.ts`, for a few seconds. */

import { grammarProperties } from "./properties.js";

grammarProperties(5);
