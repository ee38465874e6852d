// The `train` blocks of a model come in; its stages, every parameter matched to the optimizer that updates it, go out.
import type * as ast from "../../../grammar/ast.js";
import { monitorNames } from "../../types/model.js";
import type { MonitorName, ObjectiveDeclaration, StageDeclaration } from "../../types/model.js";
import type { Frame } from "../context.js";
import { analyzeObjectives } from "./objectives.js";
import { didYouMean, report } from "../report.js";
import type { StageRequest, TrainRequest } from "./request.js";
import { namesBelow, select } from "./selectors.js";
import { readSettings } from "./settings.js";
import { readStopEarly } from "./stopEarly.js";
import { asInteger } from "../values/values.js";

export function analyzeStages(request: TrainRequest): StageDeclaration[] {
  const names = new Set<string>();
  const stages = request.trains.items.map((train) => {
    const name = stageName(request, train, names);
    return analyzeStage(request, train, name);
  });
  const known = stages.filter((stage) => stage !== undefined);
  // A block or parameter that is not understood may well be what seems to be forgotten.
  const whole = request.trains.whole && request.parameters.whole;
  if (whole && known.length === stages.length) checkTrained(request, known);
  const members = membersOf(request);
  return known.map((stage) => ({ ...stage, ensemble: members }));
}

/** The parameters are those of one ensemble in all stages, whichever of them says how many members it has. */
function membersOf({ frame, trains }: TrainRequest): number {
  const lines = trains.items.flatMap(({ lines: own }) =>
    own.flatMap((line) => (line.kind === "SettingLine" && line.name === "ensemble" ? [line] : [])),
  );
  const said = lines.map(({ value }) => asInteger(frame.run.evaluator.expression(value, frame)));
  const [first] = said;
  const other = said.findIndex((count) => count !== first);
  const [before, line] = [lines[0], lines[other]];
  if (before !== undefined && line !== undefined) {
    report(frame, "NN0506", line.value.span, {
      message: "the stages of a model train one ensemble, of as many members in each",
      labels: [{ span: before.value.span, text: "said here" }],
      hint: "say `ensemble` in one block, for all of them",
    });
  }
  return Math.max(1, first ?? 1);
}

function stageName(request: TrainRequest, train: ast.TrainDeclaration, names: Set<string>): string {
  const said = train.stage?.name;
  if (said !== undefined && names.has(said)) {
    report(request.frame, "NN0507", train.stage?.span ?? train.span, {
      message: `the stage \`${said}\` of ${train.model.name} stands twice`,
      hint: "stages run in file order, each under a name of its own",
    });
  }
  let name = said ?? "train";
  for (let number = 2; said === undefined && names.has(name); number++) name = `train_${number}`;
  names.add(name);
  return name;
}

/** Undefined where something in the block is a mistake that may hide what it updates. */
function analyzeStage(
  request: TrainRequest,
  train: ast.TrainDeclaration,
  name: string,
): StageDeclaration | undefined {
  const { frame, state } = request;
  if (request.training.losses.size === 0) {
    if (state.unknown.has("losses")) return undefined;
    report(frame, "NN0508", train.model.span, {
      message: `${train.model.name} has no loss, so there is nothing to train`,
      hint: "add a line like `loss cross_entropy(logits, label)` to the model",
    });
    return undefined;
  }
  const settings = readSettings(frame, train.lines, {
    items: [...state.freeDimensions],
    whole: !state.unknown.has("dimensions"),
  });
  frame.run.plateaus = [];
  const { names: frozen, spoilt } = frozenNames(request, train);
  const understood = settings.understood && !spoilt;
  const stage: StageRequest = { ...request, train, name, settings, frozen, understood };
  const objectives = analyzeObjectives(stage);
  const plateaus = frame.run.plateaus.map(({ factor, patience }) => ({ factor, patience }));
  const stopEarly = readStopEarly(stage, objectives);
  checkValidation(stage);
  frame.run.plateaus = undefined;
  const whole = assemble(stage, { objectives: objectives ?? [], plateaus, stopEarly });
  return objectives === undefined || !understood ? undefined : whole;
}

interface Parts {
  readonly objectives: readonly ObjectiveDeclaration[];
  readonly plateaus: StageDeclaration["plateaus"];
  readonly stopEarly: StageDeclaration["stopEarly"];
}

function assemble(stage: StageRequest, parts: Parts): StageDeclaration {
  const { train, frame, state } = stage;
  const { numbers, switches, dimensions } = stage.settings;
  const place = { file: frame.unit.source, span: train.span };
  const frozen = [...stage.frozen];
  return {
    name: stage.name,
    place,
    dimensions: { ...(state.freeDimensions.has("batch") ? { batch: 32 } : {}), ...dimensions },
    ...lengthOf(stage),
    seed: numbers.get("seed") ?? 0,
    validation: numbers.get("validation") ?? 0,
    dropLast: switches.get("drop_last") ?? false,
    accumulate: numbers.get("accumulate") ?? 1,
    clipNorm: numbers.get("clip_norm"),
    lossScale: numbers.get("loss_scale"),
    clipValue: numbers.get("clip_value"),
    stopEarly: parts.stopEarly,
    plateaus: parts.plateaus,
    monitor: readMonitor(frame, train),
    ensemble: 1,
    objectives: parts.objectives,
    // One whose parameters are all frozen stands, and moves nothing.
    projections: stage.projections.map((projection) => ({
      ...projection,
      parameters: projection.parameters.filter((name) => !stage.frozen.has(name)),
    })),
    frozen,
    start: readStart(stage),
  };
}

/** `epochs` or `steps`; without either 10 epochs of given data, 1000 steps of drawn data. */
function lengthOf(stage: StageRequest): Pick<StageDeclaration, "epochs" | "steps"> {
  const { settings } = stage;
  const epochs = settings.numbers.get("epochs");
  const steps = settings.numbers.get("steps");
  const span = settings.spans.get("steps");
  if (epochs !== undefined && steps !== undefined && span !== undefined) {
    report(stage.frame, "NN0507", span, {
      message: "a block trains for a number of `epochs` or of `steps`, not both",
      labels: [{ span: settings.spans.get("epochs") ?? span, text: "set here" }],
    });
  }
  if (epochs !== undefined || steps !== undefined) return { epochs, steps };
  const inputs = [...stage.state.inputs.values()];
  const given = inputs.some(({ declaration }) => declaration.source.kind === "given");
  return given ? { epochs: 10, steps: undefined } : { epochs: undefined, steps: 1000 };
}

function frozenNames(
  request: TrainRequest,
  train: ast.TrainDeclaration,
): { readonly names: ReadonlySet<string>; readonly spoilt: boolean } {
  const frozen = new Set<string>();
  let spoilt = false;
  for (const line of train.lines) {
    if (line.kind !== "FreezeLine") continue;
    const found = select(request.frame, line.selector, request.parameters, true);
    for (const name of found.names) frozen.add(name);
    spoilt ||= found.spoilt;
  }
  return { names: frozen, spoilt };
}

function readStart(stage: StageRequest): StageDeclaration["start"] {
  return stage.train.lines.flatMap((line): StageDeclaration["start"] => {
    if (line.kind !== "StartLine") return [];
    const { names } = select(stage.frame, line.selector, stage.parameters, true);
    const place = {
      file: stage.frame.unit.source,
      span: line.pathSpan,
    };
    const below = namesBelow(line.selector, names);
    return [{ parameters: names, below, file: line.path, place }];
  });
}

function readMonitor(frame: Frame, train: ast.TrainDeclaration): StageDeclaration["monitor"] {
  const found = new Set<MonitorName>();
  for (const line of train.lines) {
    if (line.kind !== "MonitorLine") continue;
    for (const { name, span } of line.names) {
      const known = monitorNames.find((monitor) => monitor === name);
      if (known !== undefined) found.add(known);
      else {
        report(frame, "NN0506", span, {
          message: `nothing called \`${name}\` can be monitored`,
          notes: [`what can: ${monitorNames.join(", ")}`],
          hint: didYouMean(name, monitorNames),
        });
      }
    }
  }
  return [...found];
}

/** `plateau` and `stop_early` look at the validation loss, so there must be one. */
function checkValidation({ frame, train, settings }: StageRequest): void {
  if (!settings.understood || settings.spoilt.has("validation")) return;
  if ((settings.numbers.get("validation") ?? 0) > 0) return;
  const early = train.lines.find((line) => line.kind === "StopEarlyLine");
  const watching = [
    ...(early === undefined ? [] : [{ word: "stop_early", span: early.span }]),
    ...(frame.run.plateaus ?? []).map(({ span }) => ({ word: "plateau", span })),
  ];
  for (const { word, span } of watching) {
    report(frame, "NN0509", span, {
      message: `\`${word}\` looks at the validation loss, and this block holds nothing out`,
      hint: "add `validation 0.1` to hold out a tenth of the training set",
    });
  }
}

/** A trained parameter that no stage updates and nothing freezes was most likely forgotten. */
function checkTrained(request: TrainRequest, stages: readonly StageDeclaration[]): void {
  const [first] = request.trains.items;
  if (first === undefined) return;
  const touched = new Set(
    stages.flatMap(({ frozen, objectives }) => [
      ...frozen,
      ...objectives.flatMap(({ updates }) => updates.flatMap(({ parameters }) => parameters)),
    ]),
  );
  const forgotten = request.parameters.items
    .filter(({ role }) => role !== "state" && role !== "fitted")
    .map(({ name }) => name)
    .filter((name) => !touched.has(name));
  if (forgotten.length === 0) return;
  const shown = forgotten
    .slice(0, 6)
    .map((name) => `\`${name}\``)
    .join(", ");
  const more = forgotten.length > 6 ? ` and ${forgotten.length - 6} more` : "";
  report(request.frame, "NN0510", first.model.span, {
    message: `no optimizer updates ${shown}${more}, and nothing freezes ${forgotten.length === 1 ? "it" : "them"}`,
    hint: "add an `optimizer` line without `on`, or `freeze` what shall stay as it is",
  });
}
