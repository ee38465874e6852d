// In: the bytes of a safetensors file; out: its tensors and metadata, or the error that names the file.
import { readSafetensors, SafetensorsError } from "../../runtime/safetensors.js";
import type { SafetensorsFile } from "../../runtime/safetensors.js";
import { DataError } from "./array.js";

export function readTensorFile(bytes: Uint8Array, file: string): SafetensorsFile {
  try {
    return readSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    throw new DataError(
      `safetensors-${error.code}`,
      `not a sound safetensors file: ${error.message}`,
      { file },
    );
  }
}
