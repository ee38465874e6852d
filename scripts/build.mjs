// The sources in; the generated modules and build/ out (`--generate`: the generated modules alone).

import { spawnSync } from "node:child_process";
import { chmod, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { generate } from "./generate.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// `npx nnc` prepares the checkout too, once, and never runs again where that failed: what stands is enough for it.
const isNpx = process.argv.includes("--prepare") && process.env.npm_command === "exec";
if (isNpx && existsSync(join(root, "build/command/main.js"))) process.exit(0);

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
  for (const part of ["grammar", "compiler", "runtime", "cli"]) {
    await removeOrphans(join(root, "build", part), join(root, part));
  }
  // Sources that do not pass leave the last command that did.
  if (status !== 0) return status ?? 1;
  await bundleCommand();
  await linkCommand();
  return 0;
}

/**
 * The command in a few files instead of a thousand, the parser's library included: `nnc check` starts in half the time.
 * What it loads on demand stays apart.
 */
async function bundleCommand() {
  const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const apart = Object.keys(dependencies).filter((name) => name !== "chevrotain");
  const folder = join(root, "build/command");
  const { metafile } = await build({
    absWorkingDir: root,
    // The scripts of threads and of a search's trials are found beside what starts them.
    entryPoints: {
      main: "cli/main.ts",
      thread: "runtime/thread.ts",
      trial: "cli/search/trial.ts",
    },
    outdir: folder,
    bundle: true,
    splitting: true,
    metafile: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    external: [...apart, "webgpu"],
    logLevel: "warning",
  });
  // A command that runs meanwhile keeps what it was started with until the new files stand.
  const written = new Set(Object.keys(metafile.outputs).map((file) => join(root, file)));
  for (const name of await readdir(folder)) {
    if (!written.has(join(folder, name))) await rm(join(folder, name));
  }
}

/** npm links the commands of a package's dependencies, never its own: `npx nnc` would look in the registry. */
async function linkCommand() {
  const command = join(root, "build/command/main.js");
  const folder = join(root, "node_modules/.bin");
  if (!existsSync(command) || !existsSync(folder)) return;
  await chmod(command, 0o755);
  if (process.platform === "win32") {
    await writeFile(
      join(folder, "nnc.cmd"),
      `@node "%~dp0\\..\\..\\build\\command\\main.js" %*\r\n`,
    );
    return;
  }
  const link = join(folder, "nnc");
  await rm(link, { force: true });
  await symlink("../../build/command/main.js", link);
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
