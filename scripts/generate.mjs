// Source files in; the two generated modules out: the prelude as text, and the runtime as bundled text.

import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const warning = "// Written by scripts/build.mjs; changes here are lost.\n\n";

/** Writes both generated modules under `root`; a file whose text would not change is left alone. */
export async function generate(root) {
  await writeWhenChanged(
    join(root, "compiler/prelude/prelude.generated.ts"),
    await preludeModule(join(root, "compiler/prelude")),
  );
  await writeWhenChanged(
    join(root, "compiler/emit/runtimeText.generated.ts"),
    await runtimeModule(root),
  );
}

async function preludeModule(folder) {
  const entries = existsSync(folder) ? await readdir(folder) : [];
  const names = entries.filter((name) => name.endsWith(".nn")).sort();
  const files = [];
  for (const name of names) {
    files.push({ name, text: await readFile(join(folder, name), "utf8") });
  }
  return (
    "// The prelude's sources in; their names and texts out, so that the compiler reads no file.\n" +
    warning +
    `export const preludeFiles: readonly { readonly name: string; readonly text: string }[] = ` +
    `${JSON.stringify(files, undefined, 2)};\n`
  );
}

async function runtimeModule(root) {
  const parts = [
    "// The runtime's sources in; their bundled text out, so that the emitter reads no file.\n" +
      warning,
  ];
  for (const entry of ["inference", "fixed", "training", "cpu", "tune", "threads"]) {
    const file = join(root, `runtime/bundle/${entry}.ts`);
    const readable = existsSync(file) ? await bundleReadable(file) : "";
    const minified = existsSync(file) ? await bundleMinified(file) : "";
    parts.push(`export const ${entry}Runtime: string =\n  ${JSON.stringify(readable)};\n`);
    parts.push(`export const ${entry}RuntimeMinified: string =\n  ${JSON.stringify(minified)};\n`);
  }
  const errors = await readFile(join(root, "runtime/errors.ts"), "utf8");
  const codes = /export type ErrorCode =[^;]*;\n/.exec(errors);
  if (!codes) throw new Error("runtime/errors.ts declares no ErrorCode");
  const api = `${await readFile(join(root, "runtime/api.ts"), "utf8")}\n${codes[0]}`;
  parts.push(
    `/** The types that apps meet: the source of runtime/api.ts, and the codes of errors. */\nexport const apiTypes: string =\n  ${JSON.stringify(api)};\n`,
  );
  return parts.join("");
}

/**
 * Names that stand in no plan, no file, no platform interface and nothing that apps see: minified
 * bundles shorten them (test/emit/shortNames.test.ts asks the types whether they may). The backend of `*.cpu.js`
 * is compiled apart, so all entries agree on the short ones.
 */
export const internalNames = [
  "floats",
  "draws",
  "wanted",
  "journal",
  "readGpu",
  "readRange",
  "writeRange",
  "addStorage",
  "freeStorage",
  "copyStorage",
  "openCpu",
  "createGpu",
  "evaluateHost",
  "generation",
  "reserve",
  "rangeOf",
  "declared",
  "dims",
  "destroyed",
  "scalars",
  "pipeline",
  "uniform",
  "faults",
  "scoped",
  "settle",
  "guard",
  "mapRead",
  "staging",
  "checked",
  "uniformOf",
  "pending",
  "fresh",
  "mark",
  "settled",
  "filled",
  "precision",
  "check",
  "initialize",
  "ready",
  "tensors",
  "free",
  "create",
  "count",
  "options",
  "plan",
  "parts",
  "begin",
  "begun",
  "bound",
  "groups",
  "header",
  "sizes",
  "offsets",
  "owned",
  "types",
  "refused",
  "givenTo",
  "places",
  "inOrder",
  "prepared",
  "first",
  "firstOf",
];
/** One letter each, then a sign before it; no name of ours that stays is that short. */
function shortName(index) {
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return ["", "$", "_"][Math.floor(index / 52)] + letters.charAt(index % 52);
}
const shortNames = Object.fromEntries(internalNames.map((name, index) => [name, shortName(index)]));

/** ESM text in which the entry's exported names are plain top-level declarations. */
async function bundleReadable(file) {
  const text = await bundle(file, false);
  const { body, names } = splitExports(text, file);
  for (const { local, exported } of names) {
    if (local !== exported) {
      throw new Error(`${file}: ${exported} is bundled as ${local}; export it under its own name`);
    }
  }
  return `${body.replace(/^\/\/ runtime\/[\w/]+\.ts\n/gm, "").trim()}\n`;
}

/** The same, minified inside a function, so that only the exported names are taken at top level. */
async function bundleMinified(file) {
  const text = await bundle(file, true);
  const { body, names } = splitExports(text, file);
  const returned = names.map(({ local, exported }) => `${exported}:${local}`).join(",");
  // Bundlers drop what is unused of a pure call's members, not of a pattern.
  const declared = names.map(({ exported }) => `${exported}=nnc.${exported}`).join(",");
  return `const nnc=/* @__PURE__ */(()=>{${body.trim()}return{${returned}}})(),${declared};\n`;
}

async function bundle(file, minify) {
  const result = await build({
    absWorkingDir: dirname(dirname(dirname(file))),
    entryPoints: [file],
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    minify,
    // Fields are assigned, not declared first.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    ...(minify && {
      mangleProps: new RegExp(`^(${internalNames.join("|")})$`),
      mangleCache: shortNames,
    }),
    logLevel: "silent",
  });
  const text = result.outputFiles[0].text;
  if (/^import[\s{"*]/m.test(text)) throw new Error(`${file}: the bundled runtime has an import`);
  // esbuild follows import("./" + name) into every file beside the runtime's.
  if (text.includes('import("./**')) throw new Error(`${file}: give import() a whole URL`);
  return text;
}

/** esbuild puts every export in one statement at the end; this takes it off and reads its names. */
function splitExports(text, file) {
  const match = /\bexport\s*\{([^}]*)\};?\s*$/.exec(text);
  if (!match) throw new Error(`${file}: exports nothing`);
  const names = match[1]
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const [local, exported = local] = part.split(/\s+as\s+/);
      return { local, exported };
    });
  return { body: text.slice(0, match.index), names };
}

/** Several test runs may generate at once: each writes its own file and renames it into place. */
async function writeWhenChanged(file, text) {
  if (existsSync(file) && (await readFile(file, "utf8")) === text) return;
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, file);
}
