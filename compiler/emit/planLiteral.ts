// Takes a plan, gives the JavaScript expression that a bundle holds: all of it for reading, or what the runtime reads in few characters.
import type {
  Plan,
  PlanBuffer,
  PlanDispatch,
  PlanKernel,
  PlanProgram,
} from "../../runtime/plan.js";
import { minifyShaders } from "./minifyWgsl.js";
import { shortPlan } from "./shortPlan.js";
import { withShaders } from "./variants.js";

/** `readable`: all of it; `small`: what a runtime reads; `short`: the same under the names that minified runtimes have for it. */
export type PlanStyle = "readable" | "small" | "short";

/**
 * Shaders stand as template literals, so that people can read them; everything else is JSON. `seldom`: kernels whose shaders
 * are fetched, by what `later` gives for their places in that list.
 */
export function planLiteral(plan: Plan, style: PlanStyle, seldom: readonly number[] = []): string {
  const isReadable = style === "readable";
  const shaders: string[] = [];
  const marked = {
    ...withoutCosts(plan),
    kernels: plan.kernels.map((kernel, index) => {
      const place = seldom.indexOf(index);
      return place < 0
        ? shadersOf(kernel, (wgsl) => markOf(shaders, wgsl))
        : { ...kernel, wgsl: "", later: laterMark(place) };
    }),
  } as unknown as Plan;
  const text = isReadable
    ? JSON.stringify(marked)
    : shortLiteral(style === "short" ? shortPlan(reduced(marked)) : reduced(marked));
  const whole = seldom.reduce<string>(
    (all, _, place) => all.replace(JSON.stringify(laterMark(place)), `later(${place})`),
    text,
  );
  const printed = isReadable ? shaders : minifyShaders(shaders);
  return printed.reduce(
    (all, wgsl, at) => all.replace(JSON.stringify(shaderMark(at)), () => templateLiteral(wgsl)),
    whole,
  );
}

/** Kernels that no first weights and no update of a net that trains need, and whose shaders have no variants. */
export function seldomKernels({ kernels, programs, stages }: Plan): readonly number[] {
  if (stages.length === 0) return [];
  const first = new Set(
    programs
      .filter(({ kind }) => ["init", "step", "gather"].includes(kind))
      .flatMap(({ dispatches }) => dispatches.map(({ kernel }) => kernel)),
  );
  return [...kernels.keys()].filter(
    (index) => !first.has(index) && kernels[index]?.wgsl !== "" && !kernels[index]?.variants,
  );
}

/** The shaders of these kernels as the elements of a list. */
export function shaderList({ kernels }: Plan, wanted: readonly number[]): string {
  const shaders = wanted.map((index) => kernels[index]?.wgsl ?? "");
  return `[${minifyShaders(shaders).map(templateLiteral).join(",")}]`;
}

function laterMark(place: number): string {
  return `later ${place} of this plan`;
}

/** A kernel with something else for each of its shaders, those of its variants included. */
function shadersOf(kernel: PlanKernel, change: (wgsl: string) => string): PlanKernel {
  const { variants } = kernel;
  const own = variants && { variants: withShaders(variants, change) };
  return { ...kernel, wgsl: change(kernel.wgsl), ...own };
}

function markOf(shaders: string[], wgsl: string): string {
  return shaderMark(shaders.push(wgsl) - 1);
}

function shaderMark(at: number): string {
  return `shader ${at} of this plan`;
}

function templateLiteral(text: string): string {
  return `\`${text.replace(/[\\`]|\$\{/g, (found) => `\\${found}`)}\``;
}

/** Estimates are for `nnc inspect` and the plan's own file. */
function withoutCosts(plan: Plan): Plan {
  const programs = plan.programs.map((program) => ({
    ...program,
    dispatches: program.dispatches.map(withoutFlops),
  }));
  return { ...plan, programs: programs as unknown as Plan["programs"] };
}

function withoutFlops(dispatch: PlanDispatch): object {
  const members = dispatch.joint?.map(withoutFlops);
  return { ...without(dispatch, "flops"), ...(members ? { joint: members } : {}) };
}

/** The plan without what tells people about the model, which the runtime does not read. */
function reduced(plan: Plan): unknown {
  return {
    ...without(plan, "compiler", "doc"),
    inputs: plan.inputs.map((input) => without(input, "doc")),
    outputs: plan.outputs.map(({ name }) => ({ name })),
    kernels: plan.kernels.map((kernel) => ({
      ...without(kernel, "workgroupSize"),
      // As shaders have them, which have no more of the storages than that.
      bindings: kernel.bindings.map(({ access, type }) => ({
        access,
        type: type === "bool" ? "u32" : type,
      })),
    })),
    programs: plan.programs.map((program) => ({
      ...program,
      dispatches: program.dispatches.map((dispatch) => reducedDispatch(dispatch, program)),
      results: program.results.map((result) => ({ ...result, buffer: reference(result.buffer) })),
    })),
  };
}

function reducedDispatch(
  dispatch: Pick<PlanDispatch, "buffers" | "serves" | "joint">,
  program: PlanProgram,
): object {
  const { buffers, serves, joint } = dispatch;
  return {
    ...dispatch,
    buffers: buffers.map(reference),
    // What serves every result is always needed, as what says nothing.
    serves: serves?.length === program.results.length ? undefined : serves,
    // The CPU counts no workgroups.
    joint: joint?.map((member) =>
      reducedDispatch(without(member, "workgroups", "variants"), program),
    ),
  };
}

function reference(buffer: PlanBuffer): unknown {
  // How long a buffer is says its slot, unless it lies there beside others.
  return buffer.kind === "storage" || "start" in buffer ? buffer : without(buffer, "elements");
}

function without<T extends object, K extends keyof T>(whole: T, ...keys: readonly K[]): Omit<T, K> {
  const entries = Object.entries(whole).filter(([key]) => !keys.includes(key as K));
  return Object.fromEntries(entries) as Omit<T, K>;
}

/** Parts that occur again are bound once: `(()=>{const a=…;return …})()`. */
function shortLiteral(value: unknown): string {
  const times = new Map<string, number>();
  const count = (part: unknown): void => {
    if (typeof part !== "object" || part === null) return;
    const text = printShort(part, () => undefined);
    times.set(text, (times.get(text) ?? 0) + 1);
    if (times.get(text) === 1) Object.values(part).forEach(count);
  };
  count(value);
  const names = new Map<string, string>();
  const bound: string[] = [];
  const nameOf = (part: object): string | undefined => {
    const text = printShort(part, () => undefined);
    if (text.length < shortest || (times.get(text) ?? 0) < 2) return undefined;
    const known = names.get(text);
    if (known !== undefined) return known;
    const inner = printShort(part, (child) => (child === part ? undefined : nameOf(child)));
    const name = `p${names.size.toString(36)}`;
    names.set(text, name);
    bound.push(`${name}=${inner}`);
    return name;
  };
  const body = printShort(value, nameOf);
  return bound.length === 0
    ? body
    : `/* @__PURE__ */(()=>{const ${bound.join(",")};return${body}})()`;
}

/** A shorter part is not worth a name. */
const shortest = 10;

function printShort(value: unknown, nameOf: (part: object) => string | undefined): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const name = nameOf(value);
  if (name !== undefined) return name;
  if (Array.isArray(value)) return `[${value.map((part) => printShort(part, nameOf)).join(",")}]`;
  const fields = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]) => `${keyText(key)}:${printShort(part, nameOf)}`);
  return `{${fields.join(",")}}`;
}

function keyText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) && key !== "__proto__" ? key : JSON.stringify(key);
}
