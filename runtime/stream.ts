// An open session whose plan has a program for one step of time in; its streams, each with carries of its own, out.

import type { Stream, Streaming, StreamOptions } from "./streamApi.js";
import { emptyValues, type Values } from "./backend.js";
import { countOf, evaluateShape } from "./dimensions.js";
import {
  at,
  checkNames,
  checkObject,
  fail,
  failAloud,
  inWords,
  speaking,
  unknownText,
} from "./errors.js";
import { outward } from "./parameters.js";
import type { Plan } from "./plan.js";
import { checkFilled } from "./predict.js";
import { checkOpen, makeRun, refuseMissing, seedOf, seedRange, type Session } from "./session.js";
import { boundAs, checkedInputs, dimensionsOf, givenNames, readInput } from "./tensors.js";

/** Draws of streams take a key of their own. */
const streamKey = 0x2545f491;

/** `stream` of a net; nothing, where its plan has none. */
export function streaming(
  session: Session,
  missing: ReadonlySet<string>,
): { readonly stream?: (options?: StreamOptions) => Stream } {
  const { plan } = session;
  const index = plan.programs.findIndex(({ kind }) => kind === "stream");
  if (index < 0) return {};
  return { stream: (options = {}) => openStream(session, missing, index, options) };
}

/** Runs a call that only looks, where the net is ready for it. */
type Looking = <T>(call: string, action: () => Promise<T>) => Promise<T>;

/** The same `stream`, whose steps are calls of a net that trains. */
export function guardedStream(net: object, looking: Looking): Partial<Streaming> {
  const { stream } = net as Partial<Streaming>;
  if (!stream) return {};
  return {
    stream: (options) => {
      const own = stream(options);
      const next: Stream["next"] = (...given) => looking("next", () => own.next(...given));
      return { ...own, next: speaking(next) };
    },
  };
}

/** Calls that give a net other weights. */
const changing = ["write", "step", "fit", "prepare"];

/** Throws NnError "busy" where steps of a stream would find weights that were given after them. */
export function refuseStreaming({ streaming: waiting }: Session, call: string): void {
  if (!waiting || !changing.includes(call)) return;
  fail(
    "busy",
    `${call} cannot begin: a step of a stream on this net waits for the one before it, await next`,
  );
}

/** Values that one step hands to the next, the step that they come from (none under way without it), and steps asked for. */
interface Course {
  readonly held: Map<string, Values>;
  last: Promise<unknown> | undefined;
  counter: number;
}

const freshCourse = (): Course => ({ held: new Map(), last: undefined, counter: 0 });

const streamOptions = ["batch", "dimensions", "seed"];

/** What is wrong is thrown at once, before words could be fetched: all of it is said aloud. */
function checkStream({ destroyed }: Session, options: StreamOptions): void {
  if (destroyed) failAloud("destroyed", "this net was destroyed");
  if (Object(options) !== options || Array.isArray(options) || "then" in options)
    failAloud("option", `options are an object, not ${inWords(options)}`);
  for (const name of Object.keys(options))
    if (!streamOptions.includes(name))
      failAloud("name", unknownText("option", name, streamOptions));
  const { seed = 0 } = options;
  if (seed >>> 0 !== seed) failAloud("option", `seed is ${seedRange}, not ${inWords(seed)}`);
}

function openStream(
  session: Session,
  missing: ReadonlySet<string>,
  index: number,
  options: StreamOptions,
): Stream {
  checkStream(session, options);
  const { plan } = session;
  const program = at(plan.programs, index);
  const { along = "" } = program;
  const steps = ofStep(plan, along);
  const carried = (plan.held ?? []).filter(({ name }) => program.inputs.includes(name));
  const needed = program.inputs.filter((name) => steps.inputs.some((input) => input.name === name));
  const { batch = 1, dimensions: others } = options;
  const known = {
    ...others,
    ...(plan.dimensions.some(({ name }) => name === "batch") && { batch }),
  };
  let course = freshCourse();
  let isOpen = true;
  return {
    next: speaking(async (inputs, ...more: readonly unknown[]) => {
      checkOpen(session);
      if (!isOpen) fail("destroyed", "this stream was destroyed");
      checkFilled(session, missing);
      checkObject("inputs", inputs);
      checkNames(more[0] ?? {}, []);
      const tensors = givenNames(steps, inputs).map((name) => readInput(steps, name, inputs));
      const given = new Set(tensors.map(({ name }) => name));
      refuseMissing(plan, needed, given);
      const dimensions = { ...dimensionsOf(steps, tensors, known), [along]: 1 };
      const used = needed
        .filter((name) => given.has(name))
        .map((name) => boundAs(steps, name, dimensions));
      const bound = checkedInputs(tensors, used, session.backend.precision);
      const own = course;
      const drawn = {
        seed: options.seed ?? (seedOf(session) ^ streamKey) >>> 0,
        counter: own.counter++,
      };
      const step = async (): Promise<Record<string, Values>> => {
        const { backend } = session;
        const { held } = own;
        for (const { name, type, shape, initial = 0 } of carried) {
          if (held.has(name)) continue;
          const count = countOf(evaluateShape(shape, dimensions));
          held.set(name, emptyValues(type, backend.precision, count).fill(initial));
        }
        const run = makeRun(session, index, {
          inputs: new Map([...bound, ...held]),
          dimensions,
          ...drawn,
        });
        const values = await backend.read(run);
        const outputs: Record<string, Values> = {};
        program.results.forEach(({ name, type }, position) => {
          const value = at(values, position);
          if (carried.some((one) => one.name === name)) held.set(name, value);
          else outputs[name] = outward(value, type) as Values;
        });
        return outputs;
      };
      const { last } = own;
      const behind = async (): Promise<Record<string, Values>> => {
        session.streaming = (session.streaming ?? 0) + 1;
        try {
          await last;
        } catch {
          // A step that fails has handed nothing on.
        } finally {
          session.streaming--;
        }
        return step();
      };
      // Where nothing has to be awaited, it is in the device's hands when this returns, as what `predict` is given.
      const result = last ? behind() : step();
      own.last = result;
      try {
        return await result;
      } finally {
        if (own.last === result) own.last = undefined;
      }
    }),
    reset: () => {
      course = freshCourse();
    },
    destroy: () => {
      isOpen = false;
      course = freshCourse();
    },
  };
}

/** The plan as a caller of a step sees it: inputs have no axis of time. */
function ofStep(plan: Plan, along: string): Plan {
  return {
    ...plan,
    inputs: plan.inputs.map((input) => ({
      ...input,
      shape: input.shape.filter((dim) => dim !== along),
    })),
    dimensions: plan.dimensions.filter(({ name }) => name !== along),
  };
}
