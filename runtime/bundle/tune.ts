// A plan with variants and a device in; what a `*.tune.js` file exports, out: the plan with the fastest of them.

export { tunePlan } from "../tune.js";
