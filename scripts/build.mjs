// The sources in; the generated modules and build/ out (`--generate`: the generated modules alone).

import { spawnSync } from "node:child_process";
import { chmod, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generate } from "./generate.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

await generate(root);
if (!process.argv.includes("--generate")) process.exitCode = await compileSources();

async function compileSources() {
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  // npm builds again before the first `npx nnc` in a checkout: what is up to date takes no time.
  const incremental = ["--incremental", "--tsBuildInfoFile", "build/.tsbuildinfo"];
  const { status } = spawnSync(
    process.execPath,
    [compiler, "-p", "tsconfig.build.json", ...incremental],
    { cwd: root, stdio: "inherit" },
  );
  await removeOrphans(join(root, "build"), root);
  await linkCommand();
  return status ?? 1;
}

/** npm links the commands of a package's dependencies, never its own: `npx nnc` would look in the registry. */
async function linkCommand() {
  const command = join(root, "build/cli/main.js");
  const folder = join(root, "node_modules/.bin");
  if (!existsSync(command) || !existsSync(folder)) return;
  await chmod(command, 0o755);
  if (process.platform === "win32") {
    await writeFile(join(folder, "nnc.cmd"), `@node "%~dp0\\..\\..\\build\\cli\\main.js" %*\r\n`);
    return;
  }
  const link = join(folder, "nnc");
  await rm(link, { force: true });
  await symlink("../../build/cli/main.js", link);
}

/** Outputs whose source is gone would still be found by imports. */
async function removeOrphans(folder, sources) {
  if (!existsSync(folder)) return;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const output = join(folder, entry.name);
    if (entry.isDirectory()) {
      await removeOrphans(output, join(sources, entry.name));
      continue;
    }
    const stem = entry.name.replace(/(\.d\.ts|\.js)(\.map)?$/, "");
    if (stem === entry.name) continue;
    if (!existsSync(join(sources, `${stem}.ts`))) await rm(output);
  }
}
