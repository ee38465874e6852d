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

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64, as `atob` reads it. */
export function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
    const word = first * 65536 + second * 256 + third;
    const text = [18, 12, 6, 0].map((shift) => digits.charAt((word >> shift) & 63)).join("");
    const rest = bytes.length - at;
    parts.push(rest >= 3 ? text : text.slice(0, rest + 1).padEnd(4, "="));
  }
  return parts.join("");
}
