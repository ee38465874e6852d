// Takes the kernels of a plan for WebAssembly, gives the bytes of one module with all of them, and as text.
import { encodeModule } from "./encoder.js";
import { createFunctions } from "./functions.js";
import type { NamedKernel } from "./print.js";
import { addKernel, scratchBytes } from "./print.js";

export function wasmModule(kernels: readonly NamedKernel[]): Uint8Array<ArrayBuffer> {
  const functions = createFunctions();
  for (const kernel of kernels) addKernel(functions, kernel);
  const scratch = Math.max(0, ...kernels.map(({ kernel }) => scratchBytes(kernel)));
  return encodeModule(functions.list, scratch);
}

/** Two digits a byte: twice as long as the bytes, but compression finds in them what it finds in bytes, and in base64 little of it. */
export function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
