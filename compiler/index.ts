// Takes nothing, gives the library: check, compile and emit, and the types that they speak in.
export { check, compile } from "./compile.js";
export { emit } from "./emit/bundle.js";
export type { EmitOptions } from "./emit/bundle.js";
export type {
  CheckResult,
  CompiledEntry,
  CompiledModel,
  CompileOptions,
  CompileResult,
} from "./compile.js";
export type { Diagnostic } from "../grammar/diagnostics.js";
export { render, renderAll, toJson } from "../grammar/render.js";
