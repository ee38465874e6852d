// Takes compiled models of one file, gives the bundle's files by name: modules, types, shaders, the plan as data.
import { ownEntry } from "../ownEntry.js";
import type { Plan } from "../../runtime/plan.js";
import type { CompiledEntry, CompiledModel } from "../compile.js";
import { declarationsOf, errorClass } from "./declarations.js";
import { commentText } from "./expression.js";
import { isPlain, isStreaming } from "./features.js";
import { formatted } from "./format.js";
import { compilerName } from "./modelPlan.js";
import { minifyJavaScript } from "./minify.js";
import { exportOf, freeName } from "./names.js";
import type { PlannedKernel } from "./plan.js";
import { cpuKernelsText, wasmText } from "./plan.js";
import { planLiteral, seldomKernels, shaderList, type PlanStyle } from "./planLiteral.js";
import { withoutVariants } from "./variants.js";
import * as runtime from "./runtimeText.generated.js";

export interface EmitOptions {
  /** The bundle's files are called after it; the source's name unless said. */
  readonly file?: string;
  readonly entry?: "inference" | "training" | "both";
  /** Small instead of readable. */
  readonly minify?: boolean;
  /** Imports "nnc/runtime" instead of carrying the runtime. */
  readonly externalRuntime?: boolean;
  /** Has kernels of their own for adapters in software too, which apps are not given unless they ask for WebGPU there. */
  readonly software?: boolean;
  /** Weights that nets begin with where `load` is given none: by the model's name, files to lie beside the bundle. */
  readonly weights?: Readonly<Record<string, string>>;
}

interface Request {
  readonly models: readonly CompiledModel[];
  readonly stem: string;
  readonly minify: boolean;
  readonly external: boolean;
  readonly software: boolean;
  readonly weights: Readonly<Record<string, string>>;
}

/** The same models and options give the same bytes. */
export async function emit(
  models: CompiledModel | readonly CompiledModel[],
  options: EmitOptions = {},
): Promise<Record<string, string>> {
  const list = listOf(models);
  checkOptions(options);
  const [first] = list;
  if (!first) return {};
  const request: Request = {
    models: list,
    stem: stemOf(options.file ?? first.file.name),
    minify: options.minify ?? false,
    external: options.externalRuntime ?? false,
    software: options.software ?? false,
    weights: options.weights ?? {},
  };
  const entry = options.entry ?? "both";
  return {
    ...(entry === "training" ? {} : await entryFiles(request, "inference")),
    ...(entry === "inference" ? {} : await entryFiles(request, "training")),
    [`${request.stem}.plan.json`]: planFile(request, entry),
    "package.json": packageFile,
  };
}

function listOf(models: CompiledModel | readonly CompiledModel[]): readonly CompiledModel[] {
  const list = (Array.isArray(models) ? models : [models]) as readonly CompiledModel[];
  if (list.every((model) => "typed" in Object(model))) return list;
  throw new TypeError("emit takes what compile gives: emit(models, options)");
}

interface OptionKind {
  readonly wanted: string;
  readonly fits: (value: unknown) => boolean;
}

const flag: OptionKind = {
  wanted: "true or false",
  fits: (value) => typeof value === "boolean",
};

const optionKinds: Readonly<Record<keyof EmitOptions, OptionKind>> = {
  file: { wanted: "a string", fits: (value) => typeof value === "string" },
  entry: {
    wanted: '"inference", "training" or "both"',
    fits: (value) => value === "inference" || value === "training" || value === "both",
  },
  minify: flag,
  externalRuntime: flag,
  software: flag,
  weights: {
    wanted: "an object of file names by model",
    fits: (value) => typeof value === "object" && value !== null,
  },
};

function checkOptions(options: EmitOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(optionKinds, name)) {
      const names = Object.keys(optionKinds).join(", ");
      throw new TypeError(`emit has no option ${name}; there are ${names}`);
    }
    const { wanted, fits } = optionKinds[name as keyof EmitOptions];
    if (value !== undefined && !fits(value))
      throw new TypeError(`${name} is ${wanted}, not ${inWords(value)}`);
  }
}

function inWords(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  return Object(value) === value ? `a value of type ${typeof value}` : String(value);
}

/** What makes Node and bundlers take the files beside it for what they are, whatever the app's own package.json says. */
const packageFile = `${JSON.stringify({ type: "module", sideEffects: false }, undefined, 2)}\n`;

/** For apps that import it themselves, to give it to `load`. */
const cpuDeclarations = `// Types of the module beside it, written by ${compilerName}: give it to load({ cpu }).
export declare const kernels: object;
export declare const wasm: string | readonly string[];
`;

function stemOf(file: string): string {
  const name = file.split(/[\\/]/).at(-1) ?? "model";
  return name.replace(/\.nn$/, "");
}

type EntryName = "inference" | "training";

function entryOf(model: CompiledModel, entry: EntryName): CompiledEntry {
  return entry === "training" ? model.training : model.inference;
}

function planOf({ software }: Request, model: CompiledModel, entry: EntryName): Plan {
  const { plan } = entryOf(model, entry);
  return software ? plan : withoutVariants(plan);
}

async function entryFiles(request: Request, entry: EntryName): Promise<Record<string, string>> {
  const stem = entry === "training" ? `${request.stem}.train` : request.stem;
  const declarations = declarationsOf({
    models: request.models,
    entryOf: (model) => entryOf(model, entry),
    training: entry === "training",
    api: request.models.some((model) => isStreaming(entryOf(model, entry).plan))
      ? runtime.apiTypes + runtime.streamTypes
      : runtime.apiTypes,
    external: request.external,
  });
  return {
    [`${stem}.js`]: await script(
      request,
      moduleText(request, entry, stem),
      // Deno looks for types where a module says they are.
      `/* @ts-self-types="./${stem}.d.ts" */\n`,
    ),
    ...(isParted(request) ? partsOf(request, entry, stem) : {}),
    [`${stem}.cpu.js`]: await script(request, cpuText(request, entry, stem)),
    [`${stem}.scalar.js`]: await script(request, scalarText(request, entry)),
    [`${stem}.cpu.d.ts`]: cpuDeclarations,
    ...(request.external
      ? {}
      : {
          [`${stem}.threads.js`]: await script(request, threadsText(request, stem)),
          [`${stem}.thread.js`]: await script(request, threadText(request)),
        }),
    ...(request.software && !request.external
      ? { [`${stem}.tune.js`]: await script(request, tuneText(request)) }
      : {}),
    [`${stem}.d.ts`]: await formatted(
      `// Types of ${stem}.js, written by ${compilerName}.\n${declarations}`,
      "typescript",
    ),
    [`${stem}.wgsl`]: shaderText(request, entry),
  };
}

async function script(request: Request, text: string, head = ""): Promise<string> {
  if (request.minify) return `${head}${minifyJavaScript(text)}\n`;
  const whole = `${head}// Written by ${compilerName}; changes here are lost.\n${text}`;
  return formatted(whole, "javascript");
}

/** The module that apps import: the runtime, and each model, with its plan and shaders, under its name. */
function moduleText(request: Request, entry: EntryName, stem: string): string {
  // The minified runtime calls its parts by their kinds.
  const head = runtimeText(request, entry).replaceAll("./$", `./${stem}.`);
  const parts = request.models.map((model, at) => {
    const others = request.models.map(({ name }) => name).filter((name) => name !== model.name);
    const local = freeName(model.name, head, others);
    return [
      documentation(request, model),
      // What an app does not use, its bundler may leave out.
      `const ${local} = /* @__PURE__ */ ${modelValue(request, entry, stem, at)};`,
      exportOf(local, model.name),
    ].join("\n");
  });
  const taken = request.models.some(({ name }) => name === errorClass);
  const errors = taken ? "" : `export { ${errorClass} };\n`;
  return [head, errors, ...parts].join("\n");
}

function modelValue(request: Request, entry: EntryName, stem: string, at: number): string {
  const model = request.models[at];
  if (model === undefined) throw new Error("there is no such model");
  const plan = planOf(request, model, entry);
  const module = `given ?? import(${JSON.stringify(`./${stem}.cpu.js`)})`;
  const cpu =
    request.models.length > 1
      ? `async (given) => { const cpu = await (${module}); return { ...cpu, kernels: async () => ({ kernels: (await cpu.kernels()).kernels[${at}] }), wasm: cpu.wasm?.[${at}] }; }`
      : `(given) => ${module}`;
  const literal = laterLiteral(request, entry, { plan, stem, at });
  const file = ownEntry(request.weights, model.name);
  const address = file && addressText(file);
  if (!request.external) {
    const weights = address ? `() => ${address}` : "undefined";
    const tuner = `() => ${besideIt(`${stem}.tune.js`, "load({ tune })")}`;
    const threads = `() => import(${JSON.stringify(`./${stem}.threads.js`)})`;
    const optional = request.software ? [weights, tuner] : address ? [weights] : [];
    return `defineModel(${[literal, cpu, threads, ...optional].join(", ")})`;
  }
  const weights = address ? `weights = ${address}` : "weights";
  const opened = `load(plan, { ...options, weights, cpu: () => (${cpu})(cpu) })`;
  return `((plan) => ({ name: plan.model, load: async ({ cpu, ${weights}, ...options } = {}) => ${opened} }))(${literal})`;
}

/**
 * Where weights lie that were compiled in. Throws NnError where that cannot be known: other weights are not begun with unasked.
 * What makes scripts of modules takes their own address from them; nothing lies beside one that is a `blob:` or a `data:`.
 */
function addressText(file: string): string {
  const why = `${file} cannot be fetched: ${homeless}`;
  const refusal = `throw new ${errorClass}("weights", ${JSON.stringify(why)})`;
  // Bundlers know this form, and take the file along.
  const address = `new URL(${JSON.stringify(`./${file}`)}, import.meta.url)`;
  return `/^[^:]+:\\//.test(import.meta.url) ? ${address} : (() => { ${refusal}; })()`;
}

const homeless =
  "this script knows no address of its own (import.meta.url), beside which it would lie; give load({ weights }) the file's, or weights: false for none";

/** What fetches a file beside the module; `what` takes it. */
function besideIt(file: string, what: string): string {
  const why = `${what} takes ./${file}, which is to be served beside its module: `;
  const refusal = `throw new ${errorClass}("option", ${JSON.stringify(why)} + error)`;
  return `import(${JSON.stringify(`./${file}`)}).catch((error) => { ${refusal}; })`;
}

/** The plan, where it is small without the shaders that only some calls need. */
function laterLiteral(
  request: Request,
  entry: EntryName,
  { plan, stem, at }: { readonly plan: Plan; readonly stem: string; readonly at: number },
): string {
  const seldom = isParted(request) && entry === "training" ? seldomKernels(plan) : [];
  const literal = planLiteral(plan, styleOf(request), seldom);
  if (seldom.length === 0) return literal;
  const module = `import(${JSON.stringify(`./${stem}.more.js`)})`;
  const later = `(place) => () => ${module}.then(({ shaders }) => shaders[${at}][place])`;
  return `/* @__PURE__ */ ((later) => (${literal}))(${later})`;
}

function styleOf({ minify, external }: Request): PlanStyle {
  if (!minify) return "readable";
  return external ? "small" : "short";
}

function documentation(request: Request, model: CompiledModel): string {
  const { doc } = model.typed;
  return doc === undefined || request.minify ? "" : `/** ${commentText(doc)} */`;
}

function runtimeText(request: Request, entry: EntryName): string {
  if (request.external) {
    const load = entry === "training" ? "load" : "loadInference as load";
    return `import { ${load}, ${errorClass} } from "nnc/runtime";\n`;
  }
  return licence + embeddedRuntime(request, entry);
}

/** The licence asks that its line goes with every copy; minifiers keep comments that begin so. */
const licence = `/*! ${compilerName} runtime, MIT, (c) 2026 The nnc authors */\n`;

function embeddedRuntime(request: Request, entry: EntryName): string {
  const kind = entry === "training" ? "training" : isFixed(request) ? "fixed" : "inference";
  if (!request.minify) return runtime[`${kind}Runtime`];
  const plain = request.models.every((model) => isPlain(planOf(request, model, entry)));
  return plain ? runtime[`${kind}RuntimePlain`] : runtime[`${kind}RuntimeMinified`];
}

function isFixed({ models }: Request): boolean {
  return models.every((model) => !hasHostValues(model.inference.plan));
}

/** Whether some number is computed on the host: most models predict without. */
function hasHostValues({ programs }: Plan): boolean {
  return programs.some(({ uniforms }) => uniforms.some(({ kind }) => kind === "host"));
}

/** What `*.scalar.js` exports: the kernels in JavaScript (of several models, in their order), for where WebAssembly is refused. */
function scalarText(request: Request, entry: EntryName): string {
  const own = request.models.map((model) => kernelsText(entryOf(model, entry).planned.kernels));
  const [only = ""] = own;
  return `export const kernels = ${own.length === 1 ? only : `[${own.join(", ")}]`};\n`;
}

/** What `*.cpu.js` exports: the kernels in WebAssembly (of several models, in their order), and what runs them. */
function cpuText(request: Request, entry: EntryName, stem: string): string {
  const kernels = `() => import(${JSON.stringify(`./${stem}.scalar.js`)})`;
  const modules = request.models.map((model) => wasmText(entryOf(model, entry).planned.kernels));
  const wasm = JSON.stringify(modules.length === 1 ? modules[0] : modules);
  const exported = `export const kernels = ${kernels};\nexport const wasm = ${wasm};\n`;
  if (request.external) return exported;
  const text = request.minify ? runtime.cpuRuntimeMinified : runtime.cpuRuntime;
  return `${licence}${text}\n${exported}export { createCpuBackend };\n`;
}

/** What is small keeps apart what not every app needs. */
function isParted({ minify, external }: Request): boolean {
  return minify && !external;
}

/** What errors say, and what only some calls of nets that train need. */
function partsOf(request: Request, entry: EntryName, stem: string): Record<string, string> {
  return {
    [`${stem}.words.js`]: wordsText(request, entry),
    [`${stem}.more.js`]: moreText(request, entry),
  };
}

/** What `*.more.js` exports: functions and shaders, each model's, that only some calls need. */
function moreText(request: Request, entry: EntryName): string {
  if (entry === "inference") return `${licence}${runtime.inferenceMore}`;
  const shaders = request.models.map((model) => {
    const plan = planOf(request, model, "training");
    return shaderList(plan, seldomKernels(plan));
  });
  return `${licence}${runtime.trainingMore}export const shaders=[${shaders.join(",")}];\n`;
}

/** What `*.words.js` exports: what the runtime says of each refusal, by number. */
function wordsText(request: Request, entry: EntryName): string {
  const words =
    entry === "training"
      ? runtime.trainingWords
      : isFixed(request)
        ? runtime.fixedWords
        : runtime.inferenceWords;
  return `${licence}${words}`;
}

/** What `*.tune.js` exports: what measures variants. */
function tuneText(request: Request): string {
  const text = request.minify ? runtime.tuneRuntimeMinified : runtime.tuneRuntime;
  return `${licence}${text}\nexport { tunePlan };\n`;
}

/** What `*.threads.js` exports: what starts threads, each of which runs `*.thread.js`. */
function threadsText(request: Request, stem: string): string {
  const text = request.minify ? runtime.threadsRuntimeMinified : runtime.threadsRuntime;
  const address = `new URL(${JSON.stringify(`./${stem}.thread.js`)}, import.meta.url)`;
  // Bundlers know this form, and no other.
  const start = `() => new Worker(${address}, { type: "module", name: "nnc-thread" })`;
  const opened = `openThreads(bytes, wish, { start: ${start}, address: () => ${address} })`;
  return `${licence}${text}\nconst startThreads = (bytes, wish) => ${opened};\nexport { startThreads as openThreads };\n`;
}

function threadText(request: Request): string {
  const text = request.minify ? runtime.threadRuntimeMinified : runtime.threadRuntime;
  return `${licence}${text}\nserve();\n`;
}

function kernelsText(kernels: readonly PlannedKernel[]): string {
  const { text, names } = cpuKernelsText(kernels, "f32");
  return `(() => {\n${text}\nreturn { ${names.join(", ")} };\n})()`;
}

/** The shaders for reading, each under the lines that it computes. */
function shaderText(request: Request, entry: EntryName): string {
  return request.models
    .flatMap((model) =>
      entryOf(model, entry)
        .plan.kernels // What runs beside others alone has its text in theirs.
        .filter(({ wgsl }) => wgsl !== "")
        .map(({ name, wgsl }) => `// ${model.name}, ${name}\n${wgsl}`),
    )
    .join("\n");
}

/** The compiled model as data; several models of a file stand in a list. */
function planFile(request: Request, entry: "inference" | "training" | "both"): string {
  const plans = request.models.map((model) =>
    planOf(request, model, entry === "inference" ? "inference" : "training"),
  );
  const [only] = plans;
  const value = plans.length === 1 && only ? only : { format: only?.format, models: plans };
  return `${JSON.stringify(value, undefined, request.minify ? undefined : 2)}\n`;
}
