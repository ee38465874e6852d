// The text of an app beside bundles in; what the type checker, at its strictest and without any platform's types, says of it out.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** `options` come on top: libraries, checks of declarations. */
export function typeProblems(
  folder: string,
  text: string,
  options: ts.CompilerOptions = {},
): string[] {
  const file = join(folder, "app.mts");
  writeFileSync(file, text);
  const program = ts.createProgram([file], {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2022.d.ts"],
    types: [],
    ...options,
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}
