// In: a text file and the model's inputs; out: windows of characters for the `category` input that takes
// them, and for the target declared alike the characters that follow.
import { DataError, shapeText } from "./array.js";
import type { DataArray } from "./array.js";
import type { DataArgument } from "./source.js";
import type { InputSpec } from "./spec.js";
import { cutWindows, encodeText } from "./text.js";

export interface TextOptions {
  /** The trained lengths of free dimensions (`time 64`). */
  readonly lengths?: ReadonlyMap<string, number>;
  /** The characters that travelled with the weights, by input; without them they come from the file. */
  readonly vocabularies?: ReadonlyMap<string, readonly string[]>;
}

function takesText(spec: InputSpec): boolean {
  return (
    spec.role === "input" &&
    spec.type === "category" &&
    spec.shape.length === 2 &&
    spec.shape[0] === "batch"
  );
}

function inputFor({ name, file }: DataArgument, specs: readonly InputSpec[]): InputSpec {
  const able = specs.filter(takesText);
  const one =
    name === undefined
      ? able.length === 1
        ? able[0]
        : undefined
      : able.find((spec) => spec.name === name);
  if (one !== undefined) return one;
  throw new DataError(
    "text-input",
    name === undefined
      ? "it is not clear which input takes this text"
      : `"${name}" takes no text: that wants an input like category(n)[batch, time]`,
    { file, hint: `inputs that take text: ${able.map((spec) => spec.name).join(", ") || "none"}` },
  );
}

function declaredAlike(input: InputSpec, specs: readonly InputSpec[]): InputSpec | undefined {
  return specs.find(
    (spec) =>
      spec.role === "target" &&
      spec.type === "category" &&
      spec.categories === input.categories &&
      shapeText(spec.shape) === shapeText(input.shape),
  );
}

/** The window's length: fixed by the shape, else the trained one, else (to predict) the whole text. */
function windowLength(
  input: InputSpec,
  available: number,
  whole: boolean,
  options: TextOptions,
  file: string,
): number {
  const axis = input.shape[1] ?? 1;
  const length = typeof axis === "number" ? axis : options.lengths?.get(axis);
  // A shorter text is one window, of one character at least.
  const most = Math.max(1, available);
  if (length !== undefined)
    return whole && typeof axis === "string" ? Math.min(length, most) : length;
  if (whole) return most;
  throw new DataError("text-length", `the length of a window is not known`, {
    file,
    hint: `say it in the train block: ${axis} 64`,
  });
}

export async function readText(
  argument: DataArgument,
  text: AsyncIterable<string>,
  specs: readonly InputSpec[],
  options: TextOptions,
  vocabularies: Map<string, readonly string[]>,
): Promise<[string, DataArray][]> {
  const { file } = argument;
  const input = inputFor(argument, specs);
  const target = declaredAlike(input, specs);
  const given = options.vocabularies?.get(input.name);
  const { codes, vocabulary } = await encodeText(text, given, file);
  if (input.categories !== undefined && vocabulary.length > input.categories)
    throw new DataError(
      "text-vocabulary",
      `the text has ${vocabulary.length} different characters, ${input.name} has ${input.categories} categories`,
      { file, hint: `declare category(${vocabulary.length}), or set it with --set` },
    );
  vocabularies.set(input.name, vocabulary);
  const withNext = target !== undefined;
  const length = windowLength(input, codes.length, !withNext, options, file);
  const windows = cutWindows(codes, length, withNext, input.name, file);
  const bound: [string, DataArray][] = [[input.name, windows.input]];
  if (target && windows.next) bound.push([target.name, { ...windows.next, name: target.name }]);
  return bound;
}
