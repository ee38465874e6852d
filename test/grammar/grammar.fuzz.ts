/** The properties of `properties.ts`, for five minutes. */

import { grammarProperties } from "./properties.js";

grammarProperties(300);
