// In: the backend asked for; out: WebGPU where Node has none of its own, put where the runtime looks for it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "./data/system.js";
import type { Backend } from "./options.js";

const vulkanLoader = "libvulkan.so.1";

/** Node 20 has no `navigator`, later ones have one without a GPU; neither is in the types. */
interface Globals {
  navigator?: { gpu?: GPU };
}

/**
 * Whether the loader of Vulkan is where Linux looks for libraries. Without it Dawn, WebGPU's driver here,
 * would write a warning of its own with every run on the CPU.
 */
function hasVulkan(): boolean {
  if (process.platform !== "linux") return true;
  const folders = (process.env["LD_LIBRARY_PATH"] ?? "").split(":").filter((path) => path !== "");
  const usual = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64"];
  if ([...folders, ...usual].some((folder) => existsSync(join(folder, vulkanLoader)))) return true;
  try {
    return readFileSync("/etc/ld.so.cache").includes(vulkanLoader);
  } catch {
    return false;
  }
}

/**
 * Starts the optional package `webgpu` and keeps its GPU object on `globalThis.navigator` for the life of
 * the process: collected, it would take the process down. `flags` are Dawn's. Gives the reason where there is no WebGPU.
 */
export async function provideWebGpu(
  wanted: Backend,
  flags: readonly string[] = [],
): Promise<string | undefined> {
  const globals = globalThis as Globals;
  if (wanted === "cpu" || globals.navigator?.gpu !== undefined) return undefined;
  if (wanted === "auto" && !hasVulkan()) return "no Vulkan driver is installed, which WebGPU needs";
  try {
    const gpu = (await import("webgpu")).create([...flags]);
    if (globals.navigator === undefined) globals.navigator = { gpu };
    else Object.defineProperty(globals.navigator, "gpu", { value: gpu, configurable: true });
    return undefined;
  } catch (error) {
    if (errorCode(error) === "ERR_MODULE_NOT_FOUND")
      return "the optional package webgpu is not installed (npm install webgpu)";
    return `WebGPU does not start: ${error instanceof Error ? error.message : String(error)}`;
  }
}
