// In: diagnostics of the compiler; out: their rendered text on stderr.
import type { Diagnostic } from "../grammar/diagnostics.js";
import type { Terminal } from "./terminal.js";

/** The renderer is loaded only where there is something to say. */
export async function printDiagnostics(
  diagnostics: readonly Diagnostic[],
  terminal: Terminal,
): Promise<void> {
  if (diagnostics.length === 0) return;
  const { renderAll } = await import("../grammar/render.js");
  terminal.note(renderAll(diagnostics, { color: terminal.colour }));
}
