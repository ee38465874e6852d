// Source files in; the two generated modules out: the prelude as text, and the runtime as bundled text.

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { planNames, shortenedNames, shortNames } from "./names.mjs";
import { shorten } from "./shorten.mjs";
import { partWords } from "./words.mjs";

const warning = "// Written by scripts/build.mjs; changes here are lost.\n\n";

/** Writes both generated modules under `root`; a file whose text would not change is left alone. */
export async function generate(root) {
  await writeWhenChanged(
    join(root, "compiler/prelude/prelude.generated.ts"),
    await preludeModule(join(root, "compiler/prelude")),
  );
  const runtimeFile = join(root, "compiler/emit/runtimeText.generated.ts");
  const mark = `// Of sources whose digest is ${await digestOf(root)}.\n`;
  // Minifying takes seconds.
  if (existsSync(runtimeFile) && (await readFile(runtimeFile, "utf8")).includes(mark)) return;
  await writeWhenChanged(runtimeFile, await runtimeModule(root, mark));
}

/** Of all that the runtime's text is made from: its sources, what writes it, the versions of what minifies it. */
async function digestOf(root) {
  const digest = createHash("sha256");
  const inFolder = async (folder, wanted) =>
    (await readdir(join(root, folder), { recursive: true }))
      .filter((name) => wanted.test(name))
      .map((name) => join(folder, name));
  const files = [
    ...(await inFolder("runtime", /\.ts$/)),
    ...(await inFolder("scripts", /\.mjs$/)),
    ...["esbuild", "eslint-scope", "espree", "terser"].map(
      (name) => `node_modules/${name}/package.json`,
    ),
  ];
  for (const file of files.sort())
    digest.update(`${file}\n`).update(await readFile(join(root, file)));
  return digest.digest("hex");
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

async function runtimeModule(root, mark) {
  const parts = [
    "// The runtime's sources in; their bundled text out, so that the emitter reads no file.\n" +
      warning +
      mark,
  ];
  const parted = await partedSources(join(root, "runtime"));
  for (const entry of ["inference", "fixed", "training", "cpu", "tune", "threads", "thread"]) {
    const file = join(root, `runtime/bundle/${entry}.ts`);
    const readable = await bundleReadable(file);
    const { minified, words } = await bundleMinified(file, sourcesOf(entry, parted));
    parts.push(`export const ${entry}Runtime: string =\n  ${JSON.stringify(readable)};\n`);
    parts.push(`export const ${entry}RuntimeMinified: string =\n  ${JSON.stringify(minified)};\n`);
    if (wordless.includes(entry)) {
      const plain = await bundleMinified(file, plainly(sourcesOf(entry, parted)));
      parts.push(
        `export const ${entry}RuntimePlain: string =\n  ${JSON.stringify(plain.minified)};\n`,
      );
    }
    if (words) parts.push(`export const ${entry}Words: string =\n  ${JSON.stringify(words)};\n`);
  }
  for (const entry of ["inference", "training"]) {
    const more = await moreModule(seldom[entry], parted);
    parts.push(`export const ${entry}More: string =\n  ${JSON.stringify(more)};\n`);
  }
  const ofPlans = Object.fromEntries(planNames.map((name) => [name, shortNames[name]]));
  parts.push(
    `/** What minified runtimes call the parts of plans. */\nexport const shortPlanNames: Readonly<Record<string, string>> = ${JSON.stringify(ofPlans)};\n`,
  );
  const errors = await readFile(join(root, "runtime/errors.ts"), "utf8");
  const codes = /export type ErrorCode =[^;]*;\n/.exec(errors);
  if (!codes) throw new Error("runtime/errors.ts declares no ErrorCode");
  const api = `${await readFile(join(root, "runtime/api.ts"), "utf8")}\n${codes[0]}`;
  parts.push(
    `/** The types that apps meet: the source of runtime/api.ts, and the codes of errors. */\nexport const apiTypes: string =\n  ${JSON.stringify(api)};\n`,
  );
  const streams = await readFile(join(root, "runtime/streamApi.ts"), "utf8");
  const ofStreams = streams.replace(/^(?:\/\/.*\n|import .*\n|\n)+/, "");
  parts.push(
    `/** The types of nets that take one step of time after the other: the source of runtime/streamApi.ts. */\nexport const streamTypes: string =\n  ${JSON.stringify(ofStreams)};\n`,
  );
  return parts.join("");
}

/**
 * What only some calls of minified nets need, by kind of net: modules whose functions are asynchronous, and fetched when they are
 * called. Nets that predict read plain weights files themselves.
 */
const seldom = {
  inference: ["reopen.ts", "weights.ts"],
  training: [
    "reopen.ts",
    "weights.ts",
    ...[
      "checkpoint",
      "evaluate",
      "finite",
      "otherSources",
      "report",
      "restore",
      "resume",
      "setCalls",
      "sizes",
      "start",
      "streams",
      "validate",
    ].map((name) => `train/${name}.ts`),
  ],
};

/** What apps import: minified, it fetches its errors' words. */
const wordless = ["inference", "fixed", "training"];

/** The runtime's sources without the words of refusals, and these by number. */
async function partedSources(folder) {
  const entries = await readdir(folder, { recursive: true });
  const parted = new Map();
  let count = 0;
  for (const name of entries
    .filter((entry) => entry.endsWith(".ts") && !entry.endsWith("refusals.ts"))
    .sort()) {
    const source = await readFile(join(folder, name), "utf8");
    const { text, words } = partWords(join(folder, name), source, count);
    const numbered = words.map((one, index) => `${count + index}: ${one}`);
    parted.set(join(folder, name), {
      source,
      text,
      whole: wordsOf(source, numbered),
      count: words.length,
    });
    count += words.length;
  }
  return parted;
}

function wordsOf(source, numbered) {
  return `${source}\nexport const $words = {${numbered.join(",\n")}};\n`;
}

/** Gives esbuild sources by path, and leaves what a bundle has beside it alone. */
function sourcesFrom(textOf) {
  return {
    name: "sources",
    setup(builder) {
      // Files that a bundle has beside it, which are called by their kinds.
      builder.onResolve({ filter: /^\.\/(words|more)\.js$/ }, ({ path, kind }) =>
        kind === "dynamic-import" ? { path: path.replace("./", "./$"), external: true } : undefined,
      );
      builder.onLoad({ filter: /runtime\/.*\.ts$/ }, ({ path }) => {
        const contents = textOf(path);
        return contents === undefined ? undefined : { contents, loader: "ts" };
      });
    },
  };
}

/** What few plans need, and what stands for it where a plan does not (`compiler/emit/features.ts`). */
const unneeded = {
  "variants.ts": "plainVariants",
  "loops.ts": "plainLoops",
  "scalars.ts": "plainScalars",
  "webgpuTurns.ts": "plainTurns",
  "members.ts": "plainMembers",
  "stream.ts": "plainStream",
  "train/carried.ts": "plainCarried",
};

/** The sources without what few plans need. */
function plainly(sources) {
  const changed = new Map(sources);
  for (const [name, plain] of Object.entries(unneeded)) {
    const file = join(root, "runtime", name);
    const up = "../".repeat(name.split("/").length - 1) || "./";
    const text = `export * from "${up}bundle/${plain}.js";\n`;
    changed.set(file, { ...sources.get(file), text });
  }
  return changed;
}

/** The sources of an entry, where it is parted. */
function sourcesOf(entry, parted) {
  if (entry === "training") return withoutSeldom(seldom.training, parted);
  if (!wordless.includes(entry)) return undefined;
  const file = join(root, "runtime/weights.ts");
  const text = `export { fetchWeights, takeWeights } from "./bundle/plainWeights.js";\n`;
  const others = seldom.inference.filter((name) => name !== "weights.ts");
  return withoutSeldom(others, parted).set(file, { ...parted.get(file), text });
}

/** The sources with what fetches each function of a seldom module in its place. */
function withoutSeldom(names, parted) {
  const changed = new Map(parted);
  for (const name of names) {
    const file = join(root, "runtime", name);
    const up = "../".repeat(name.split("/").length - 1) || "./";
    const stubs = functionsOf(parted.get(file).source).map(
      (one) => `export const ${one} = fetched("${one}");\n`,
    );
    const text = `import { fetched } from "${up}bundle/fetched.js";\n${stubs.join("")}`;
    changed.set(file, { ...parted.get(file), text, count: 0 });
  }
  return changed;
}

function functionsOf(source) {
  return [...source.matchAll(/^export async function (\w+)/gm)].map(([, name]) => name);
}

/** What `*.more.js` exports: the functions of the seldom modules, whole, made once with the class of errors that the app knows. */
async function moreModule(modules, parted) {
  const exported = modules.map(
    (name) =>
      `export { ${functionsOf(parted.get(join(root, "runtime", name)).source).join(", ")} } from "./runtime/${name}";`,
  );
  const errors = join(root, "runtime/errors.ts");
  const own = /export class NnError[^]*?\n}\n/;
  const textOf = (path) =>
    path === errors
      ? parted.get(path).source.replace(own, "export const NnError = $NnError;\n")
      : undefined;
  const { text } = await bundle(
    { stdin: { contents: exported.join("\n"), resolveDir: root, loader: "ts" } },
    { minify: true, plugins: [sourcesFrom(textOf)] },
  );
  const { body, names } = splitExports(text, "*.more.js");
  const returned = names.map(({ local, exported: name }) => `${name}:${local}`).join(",");
  return shorten(
    `let made;export const open=($NnError)=>made??=(()=>{${body.trim()}return{${returned}}})();`,
  );
}

/** The words that these files refuse in, as `*.words.js` exports them. */
async function wordsModule(files, parted) {
  const spoken = files.filter((file) => parted.get(file)?.count > 0);
  const imports = spoken.map((file, at) => `import { $words as w${at} } from "${file}";`);
  const all = spoken.map((_, at) => `...w${at}`).join(", ");
  const explain = `import { explainBy } from "${join(root, "runtime/bundle/explain.ts")}";`;
  const contents = `${imports.join("\n")}\n${explain}\nexport const explain = (error) => explainBy({ ${all} }, error);\n`;
  const { text } = await bundle(
    { stdin: { contents, resolveDir: dirname(files[0]) } },
    {
      minify: true,
      identifiers: true,
      plugins: [sourcesFrom((path) => parted.get(path)?.whole)],
    },
  );
  return shorten(text);
}

/** ESM text in which the entry's exported names are plain top-level declarations. */
async function bundleReadable(file) {
  const { text } = await bundle({ entryPoints: [file] }, { minify: false });
  const { body, names } = splitExports(text, file);
  for (const { local, exported } of names) {
    if (local !== exported) {
      throw new Error(`${file}: ${exported} is bundled as ${local}; export it under its own name`);
    }
  }
  return `${body.replace(/^\/\/ runtime\/[\w/]+\.ts\n/gm, "").trim()}\n`;
}

/** The same, minified inside a function, so that only the exported names are taken at top level; `parted`: without the words of its refusals, which it gives too. */
async function bundleMinified(file, parted) {
  const plugins = [sourcesFrom((path) => parted?.get(path)?.text)];
  const { text, files } = await bundle({ entryPoints: [file] }, { minify: true, plugins });
  const { body, names } = splitExports(text, file);
  const returned = names.map(({ local, exported }) => `${exported}:${local}`).join(",");
  // Bundlers drop what is unused of a pure call's members, not of a pattern.
  const declared = names.map(({ exported }) => `${exported}=nnc.${exported}`).join(",");
  return {
    minified: `const nnc=/* @__PURE__ */${await shortened(`(()=>{${body.trim()}return{${returned}}})()`)},${declared};\n`,
    words: parted ? await wordsModule(files, parted) : "",
  };
}

/** An expression. */
async function shortened(text) {
  return (await shorten(`nnc=${text}`)).trim().replace(/^nnc=|;$/g, "");
}

/** `identifiers`: those at top level are shortened too, whose names in the source tell else which are to be called alike (`shortVariables.mjs`). */
async function bundle(entry, { minify, identifiers = false, plugins = [] }) {
  const result = await build({
    ...entry,
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    minifySyntax: minify,
    minifyWhitespace: minify,
    minifyIdentifiers: identifiers,
    plugins,
    // Fields are assigned, not declared first.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    ...(minify && {
      mangleProps: new RegExp(`^(${shortenedNames.join("|")})$`),
      mangleCache: shortNames,
    }),
    logLevel: "silent",
  });
  const text = result.outputFiles[0].text;
  const what = Object.keys(result.metafile.inputs)[0];
  if (/^import[\s{"*]/m.test(text)) throw new Error(`${what}: the bundled runtime has an import`);
  // esbuild follows import("./" + name) into every file beside the runtime's.
  if (text.includes('import("./**')) throw new Error(`${what}: give import() a whole URL`);
  return {
    text,
    metafile: result.metafile,
    files: Object.keys(result.metafile.inputs).map((file) => join(root, file)),
  };
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));

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
