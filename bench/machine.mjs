// Nothing in; what figures depend on out: date, machine, versions, and how busy the machine was.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const bench = dirname(fileURLToPath(import.meta.url));

export function describeMachine() {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    machine: `${processors.length} × ${processors[0]?.model.trim() ?? "unknown"}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform} ${process.arch}`,
    load: loadavg().map((value) => Number(value.toFixed(2))),
    versions: { node: process.version, nnc: revision(), ...packageVersions() },
  };
}

/** The commit, and whether files differ from it. */
function revision() {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], {
      cwd: bench,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}

function packageVersions() {
  const folders = [join(bench, "node_modules"), join(dirname(bench), "node_modules")];
  const { dependencies } = JSON.parse(readFileSync(join(bench, "package.json"), "utf8"));
  const names = [...Object.keys(dependencies), "webgpu", "@sparticuz/chromium"];
  return Object.fromEntries(
    names.flatMap((name) => {
      const files = folders.map((folder) => join(folder, name, "package.json"));
      const file = files.find((one) => existsSync(one));
      return file === undefined ? [] : [[name, JSON.parse(readFileSync(file, "utf8")).version]];
    }),
  );
}
