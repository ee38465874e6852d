// Takes a typed model and one of its stages, gives the terms that its train block and model set it, in words and as fingerprints.
import type { PlanTerm } from "../../runtime/plan.js";
import { printGraph } from "../graph/print.js";
import { streamOf } from "../schedule/stream.js";
import type { Node } from "../types/graph.js";
import type { Named, StageDeclaration, TypedModel } from "../types/model.js";

/** What is said of a term, and all on which it depends what the term makes of a run. */
interface Term {
  readonly words: string;
  readonly graph?: readonly Node[];
  readonly numbers?: unknown;
}

interface Rule {
  /** How it is called in a message. */
  readonly name: string;
  readonly of: (stage: StageDeclaration, typed: TypedModel) => Term;
}

/** A number or a switch: its words are all there is of it. */
const plain = (name: string, of: (stage: StageDeclaration) => string | undefined): Rule => ({
  name,
  of: (stage) => ({ words: of(stage) ?? "" }),
});

const optional = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : String(value);

const list = (texts: readonly string[]): string => [...new Set(texts)].join(", ");

/** Every field of a stage is a term, or is looked at elsewhere: when the run goes on, or not at all. */
const rules: Readonly<Record<keyof StageDeclaration, Rule | "no term">> = {
  objectives: { name: "what it minimises", of: objectivesTerm },
  clipNorm: plain("`clip_norm`", ({ clipNorm }) => optional(clipNorm)),
  lossScale: plain("`loss_scale`", ({ lossScale }) => optional(lossScale)),
  clipValue: plain("`clip_value`", ({ clipValue }) => optional(clipValue)),
  accumulate: plain("`accumulate`", ({ accumulate }) => String(accumulate)),
  projections: { name: "the projections", of: projectionsTerm },
  frozen: plain("what is frozen", ({ frozen }) => list(frozen.toSorted())),
  dropLast: plain("`drop_last`", ({ dropLast }) => String(dropLast)),
  stopEarly: plain("`stop_early`", ({ stopEarly }) =>
    stopEarly === undefined
      ? optional(undefined)
      : list([
          `patience: ${stopEarly.patience}`,
          ...(stopEarly.on === undefined ? [] : [`on: ${stopEarly.on}`]),
          ...(stopEarly.rising === undefined ? [] : [`rising: ${stopEarly.rising}`]),
        ]),
  ),
  plateaus: plain("its plateaus", ({ plateaus }) =>
    list(plateaus.map(({ factor, patience }) => `factor: ${factor}, patience: ${patience}`)),
  ),
  dimensions: plain("the sizes it is trained with", ({ dimensions }) =>
    list(
      Object.entries(dimensions)
        .filter(([name]) => name !== "batch")
        .map(([name, size]) => `${name} ${size}`),
    ),
  ),
  ensemble: plain("`ensemble`", ({ ensemble }) => String(ensemble)),
  // The run says which stage it is in, how long it is, and on what batches and seed it began.
  name: "no term",
  place: "no term",
  epochs: "no term",
  steps: "no term",
  seed: "no term",
  validation: "no term",
  // They change no weight of a run that has begun.
  monitor: "no term",
  start: "no term",
};

const besides: readonly Rule[] = [
  { name: "the optimizer", of: optimizersTerm },
  { name: "the losses", of: lossesTerm },
  { name: "the regularizers", of: penaltiesTerm },
];

/** In the order in which messages tell them. */
export const termRules: readonly Rule[] = [
  ...besides,
  ...Object.values(rules).filter((rule) => rule !== "no term"),
];

/** A run that goes on must have kept them; words are for people, fingerprints tell whether they are the same. */
export function stageTerms(typed: TypedModel, stage: StageDeclaration): PlanTerm[] {
  return termRules.map(({ name, of }) => {
    const { words, graph, numbers } = of(stage, typed);
    const texts = graph === undefined ? [words] : [graphText(graph), JSON.stringify(numbers)];
    return { name, words: words === "" ? "none" : words, formulas: fingerprint(texts.join("\n")) };
  });
}

/** Which of the terms go by the share of the run that is done: a run for them wants to know how long it is. */
export function termsOfProgress(typed: TypedModel, stage: StageDeclaration): number[] {
  return termRules.flatMap(({ of }, index) => {
    const { graph = [] } = of(stage, typed);
    return graphText(graph).includes(`hostScalar "progress"`) ? [index] : [];
  });
}

const graphText = (graph: readonly Node[]): string =>
  printGraph(graph.map((value, index) => ({ name: String(index), value })));

export function fingerprint(text: string): string {
  return streamOf(text).toString(16).padStart(8, "0");
}

function objectivesTerm({ objectives }: StageDeclaration): Term {
  const words = objectives.map(({ losses, repeat }) =>
    [losses.join(" + "), ...(repeat === undefined ? [] : [`repeat ${repeat}`])].join(" "),
  );
  return { words: words.join(", then ") };
}

function optimizersTerm({ objectives }: StageDeclaration, { parameters }: TypedModel): Term {
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
  const updates = objectives.flatMap((objective) => objective.updates);
  const templates = updates.flatMap(({ optimizer, parameters: names }) =>
    names.map((name) => optimizer.update(shapes.get(name) ?? [])),
  );
  return {
    words: updates
      .map(({ optimizer, parameters: names }) =>
        updates.length > 1
          ? `${optimizer.settings} on ${names.length} parameters`
          : optimizer.settings,
      )
      .join(", "),
    graph: templates.flatMap(({ weight, states }) => [weight, ...states.map(({ next }) => next)]),
    numbers: [
      updates.map(({ parameters: names }) => names),
      templates.map(({ states }) => states.map(({ name, initial }) => [name, initial])),
    ],
  };
}

function lossesTerm({ objectives }: StageDeclaration, { training }: TypedModel): Term {
  const minimised = new Set(objectives.flatMap(({ losses }) => losses));
  const losses = training.losses.filter(({ name }) => minimised.has(name));
  return { words: list(losses.map(sourceText)), graph: losses.map(({ value }) => value) };
}

function penaltiesTerm(_: StageDeclaration, { training }: TypedModel): Term {
  const { penalties } = training;
  return {
    words: list(penalties.map(({ settings }) => settings)),
    graph: penalties.map(({ value }) => value),
  };
}

function projectionsTerm({ projections }: StageDeclaration, { parameters }: TypedModel): Term {
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
  return {
    words: list(projections.map(({ settings }) => settings)),
    graph: projections.flatMap(({ apply, parameters: names }) =>
      names.map((name) => apply(shapes.get(name) ?? [])),
    ),
    numbers: projections.map(({ parameters: names }) => names),
  };
}

/** A `loss` line without its first word. */
const sourceText = ({ place }: Named): string =>
  place.file.text
    .slice(place.span.start, place.span.end)
    .replace(/\s+/g, " ")
    .replace(/^loss /, "");
