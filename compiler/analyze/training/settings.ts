// The lines of a `train` block that set a number or a switch come in; checked values by name go out.
import type * as ast from "../../../grammar/ast.js";
import type { Found, Frame } from "../context.js";
import { elsewhereThanInTraining, settingHere } from "../../../grammar/foreign.js";
import { trainForms } from "../../../grammar/forms.js";
import { didYouMean, excerpt, report } from "../report.js";
import { algorithmNames } from "./algorithms.js";
import { asInteger, asNumber, describe, isPoison, type Value } from "../values/values.js";

interface Rule {
  /** What the value must be, in a message. */
  readonly wants: string;
  /** What to write instead. */
  readonly hint?: string;
  readonly accepts: (value: Value) => boolean;
}

/** The largest size, and the largest seed: generators of random numbers take 32 bits. */
const largest = { size: 2 ** 31 - 1, seed: 2 ** 32 - 1 } as const;

const whole = (least: number, most: number = largest.size): Rule => ({
  wants: `a whole number from ${least} to ${most}`,
  accepts: (value) => {
    const number = asInteger(value);
    return number !== undefined && number >= least && number <= most;
  },
});
const positive: Rule = {
  wants: "a number above 0",
  accepts: (value) => (asNumber(value) ?? 0) > 0,
};

const rules: Readonly<Record<string, Rule>> = {
  epochs: whole(1),
  steps: whole(1),
  seed: whole(0, largest.seed),
  accumulate: whole(1),
  ensemble: {
    ...whole(1),
    hint: "`ensemble 5` trains five models as one and averages what they predict; without the line there is one",
  },
  clip_norm: positive,
  clip_value: positive,
  loss_scale: positive,
  validation: {
    wants: "a share of at least 0 and below 1",
    accepts: (value) => {
      const share = asNumber(value);
      return share !== undefined && share >= 0 && share < 1;
    },
  },
  drop_last: { wants: "true or false", accepts: (value) => value.kind === "bool" },
};

/** The settings of one block; what was wrong is reported and left out. */
export interface Settings {
  readonly numbers: ReadonlyMap<string, number>;
  readonly switches: ReadonlyMap<string, boolean>;
  /** Trained values of free dimensions. */
  readonly dimensions: Readonly<Record<string, number>>;
  readonly spans: ReadonlyMap<string, ast.Span>;
  /** Those whose value is a mistake. */
  readonly spoilt: ReadonlySet<string>;
  /** Whether each line of the block is understood: one that is not may say anything. */
  readonly understood: boolean;
}

export function readSettings(
  frame: Frame,
  lines: readonly ast.TrainLine[],
  freeDimensions: Found<string>,
): Settings {
  const numbers = new Map<string, number>();
  const switches = new Map<string, boolean>();
  const spans = new Map<string, ast.Span>();
  const dimensions = new Map<string, number>();
  const spoilt = new Set<string>();
  let understood = !lines.some(({ kind }) => kind === "SkippedLine");
  for (const line of lines) {
    if (line.kind !== "SettingLine") continue;
    if (!isNew(frame, line, spans)) continue;
    const dimension = line.name === "batch" || freeDimensions.items.includes(line.name);
    const rule = dimension ? whole(1) : ruleOf(line.name);
    if (rule === undefined) {
      understood = false;
      unknownSetting(frame, line, freeDimensions);
      continue;
    }
    const value = checked(frame, line, rule);
    if (value === undefined) spoilt.add(line.name);
    else if (value.kind === "bool") switches.set(line.name, value.value);
    else if (dimension) dimensions.set(line.name, asNumber(value) ?? 1);
    else numbers.set(line.name, asNumber(value) ?? 0);
  }
  return {
    numbers,
    switches,
    dimensions: Object.fromEntries(dimensions),
    spans,
    spoilt,
    understood,
  };
}

/** Whether a `train` block knows it whatever the model; dimensions of the model are settings too. */
export const isSetting = (name: string): boolean => name === "batch" || ruleOf(name) !== undefined;

const ruleOf = (name: string): Rule | undefined =>
  Object.hasOwn(rules, name) ? rules[name] : undefined;

/** The value of a line; undefined where it is a mistake. */
function checked(frame: Frame, line: ast.SettingLine, rule: Rule): Value | undefined {
  const value = frame.run.evaluator.expression(line.value, frame);
  if (isPoison(value)) return undefined;
  if (rule.accepts(value)) return value;
  report(frame, "NN0506", line.value.span, {
    message: `\`${line.name}\` is ${rule.wants}, not ${describe(value)}`,
    hint: rule.hint,
  });
  return undefined;
}

function isNew(frame: Frame, line: ast.SettingLine, spans: Map<string, ast.Span>): boolean {
  const before = spans.get(line.name);
  if (before === undefined) {
    spans.set(line.name, line.nameSpan);
    return true;
  }
  report(frame, "NN0507", line.nameSpan, {
    message: `\`${line.name}\` is set twice`,
    labels: [{ span: before, text: "set here" }],
    hint: "keep one of the two lines",
  });
  return false;
}

/** What other libraries call so, with the value that stands there, or what here stands elsewhere. */
function elsewhere(frame: Frame, line: ast.SettingLine): string | undefined {
  const written = excerpt(frame, line.value.span);
  const here = settingHere(line.name, written);
  if (here !== undefined) return `here it is written \`${here}\``;
  const { name } = line;
  const form = Object.hasOwn(trainForms, name) ? trainForms[name] : undefined;
  if (form !== undefined) return `here it is written \`${form}\``;
  if (algorithmNames(frame, "Optimizer").includes(name))
    return `an optimizer is given by its line: \`optimizer ${name}(…)\``;
  return Object.hasOwn(elsewhereThanInTraining, name) ? elsewhereThanInTraining[name] : undefined;
}

function unknownSetting(frame: Frame, line: ast.SettingLine, freeDimensions: Found<string>): void {
  // It may be a dimension of an input that could not be understood.
  if (!freeDimensions.whole) return;
  const known = [
    ...Object.keys(rules),
    "batch",
    ...freeDimensions.items,
    "optimizer",
    "start",
    "freeze",
    "minimize",
    "monitor",
    "stop_early",
    "with",
    "on",
    "repeat",
  ];
  report(frame, "NN0506", line.nameSpan, {
    message: `a \`train\` block has no setting \`${line.name}\``,
    notes: [
      freeDimensions.items.length === 0
        ? "the model has no free dimensions"
        : `free dimensions of the model: ${freeDimensions.items.join(", ")}`,
    ],
    hint: elsewhere(frame, line) ?? didYouMean(line.name, known),
  });
}
