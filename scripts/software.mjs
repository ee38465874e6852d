// The packed parts of @sparticuz/chromium in; a software WebGPU adapter's environment and a browser's path out.

import { accessSync, constants, existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";

const modules = join(dirname(dirname(fileURLToPath(import.meta.url))), "node_modules");
const packed = join(modules, "@sparticuz/chromium");

/** Whether this machine must have the software adapter: the package's binaries are for Linux on x64 with glibc. */
export const softwareExpected =
  process.platform === "linux" &&
  process.arch === "x64" &&
  existsSync("/lib64/ld-linux-x86-64.so.2");

/** What a process that shall find the software adapter has to be started with. */
export function softwareEnvironment() {
  const folder = unpacked();
  return {
    VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json"),
    LD_LIBRARY_PATH: withLibraries([folder]),
  };
}

/** The browser's executable, its arguments, and the environment it starts in, its libraries and one font included. */
export function browserInstallation() {
  const folder = unpacked();
  return {
    executablePath: join(folder, "chromium"),
    args: [
      "--no-sandbox",
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      "--enable-features=Vulkan",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
    environment: {
      VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json"),
      LD_LIBRARY_PATH: withLibraries([folder, join(folder, "lib")]),
      FONTCONFIG_FILE: join(folder, "fonts.conf"),
    },
  };
}

function withLibraries(folders) {
  const before = (process.env.LD_LIBRARY_PATH ?? "").split(":").filter((path) => path !== "");
  return [...new Set([...folders, ...before])].join(":");
}

/** Unpacks everything once a version; of two processes that unpack at once, one wins by renaming. */
function unpacked() {
  const { version } = JSON.parse(readFileSync(join(packed, "package.json"), "utf8"));
  const { parent, target } = cachePlace(`nnc-chromium-${version}`);
  if (existsSync(target)) return target;
  const temporary = mkdtempSync(join(parent, "unpacking-"));
  // Chromium wants its graphics libraries beside itself, so everything lies in one folder.
  for (const part of ["swiftshader", "al2023", "fonts"]) {
    unpackTar(brotliDecompressSync(readFileSync(join(packed, `bin/${part}.tar.br`))), temporary);
  }
  const browser = brotliDecompressSync(readFileSync(join(packed, "bin/chromium.br")));
  writeFileSync(join(temporary, "chromium"), browser, { mode: 0o755 });
  writeFileSync(join(temporary, "fonts.conf"), fontConfiguration);
  try {
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { recursive: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

const fontConfiguration = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

function cachePlace(name) {
  for (const parent of [join(modules, ".cache"), tmpdir()]) {
    const target = join(parent, name);
    try {
      if (existsSync(target)) return { parent, target };
      mkdirSync(parent, { recursive: true });
      accessSync(parent, constants.W_OK);
      return { parent, target };
    } catch {
      // A read-only checkout: the next place.
    }
  }
  throw new Error("no folder to unpack the software adapter into");
}

/** Regular files and folders of a ustar archive; the package's archives hold nothing else. */
function unpackTar(archive, folder) {
  for (let offset = 0; offset + 512 <= archive.length && archive[offset] !== 0;) {
    const field = (from, length) =>
      archive.toString("utf8", offset + from, offset + from + length).replace(/\0.*$/s, "");
    const size = Number.parseInt(field(124, 12), 8);
    const file = resolve(folder, join(field(345, 155), field(0, 100)));
    if (!file.startsWith(resolve(folder))) throw new Error(`${file} lies outside its archive`);
    const type = field(156, 1);
    if (type === "" || type === "0") {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, archive.subarray(offset + 512, offset + 512 + size), {
        mode: Number.parseInt(field(100, 8), 8) & 0o777,
      });
    }
    offset += 512 + Math.ceil(size / 512) * 512;
  }
}
