// In: steps and epochs as they end; out: one line that updates on a terminal, else a line an epoch.
import type { EpochReport, StepReport } from "../../runtime/api.js";
import { countText, durationText, valueText } from "../numbers.js";
import type { Terminal } from "../terminal.js";

/** The terminal is written to at most this often. */
const leastMilliseconds = 100;
/** On a terminal, the lines of epochs that end faster than this are written over. */
const keptMilliseconds = 1000;
/** Without epochs and without a terminal, a stage of many steps is told in this many lines. */
const linesWithoutEpochs = 20;

/** How long a stage is going to be, as far as it is known. */
export interface StageExtent {
  readonly stage: string;
  /** How many stages the run has. */
  readonly stages: number;
  readonly epochs: number | undefined;
}

export interface Progress {
  readonly begin: (extent: StageExtent) => void;
  readonly step: (report: StepReport) => void;
  readonly epoch: (report: EpochReport) => void;
  /** The stage is over: its last epoch stays to be read. */
  readonly end: () => void;
}

interface Pace {
  readonly since: number;
  readonly fromStep: number;
  readonly examples: number;
}

function ofTotal(value: number, total: number | undefined): string {
  return total === undefined ? countText(value) : `${countText(value)}/${countText(total)}`;
}

function paceTexts(pace: Pace, step: number, steps: number | undefined, now: number): string[] {
  const seconds = (now - pace.since) / 1000;
  const done = step - pace.fromStep;
  if (done < 1 || seconds <= 0) return [];
  const rate = done / seconds;
  const texts = [`${countText(pace.examples / seconds)} examples/s`];
  if (steps !== undefined) texts.push(`${durationText((steps - step) / rate)} left`);
  return texts;
}

/** What an epoch settles: validation and metrics. */
function resultTexts({ validation, metrics }: EpochReport): string[] {
  const textsOf = (values: Readonly<Record<string, number>>): string[] =>
    Object.entries(values).map(([name, value]) => `${name} ${valueText(value)}`);
  if (validation === undefined) return textsOf(metrics);
  return [`validation: ${textsOf({ loss: validation.loss, ...validation.metrics }).join(", ")}`];
}

interface State {
  extent: StageExtent;
  pace: Pace | undefined;
  /** Of the whole stage, where it is known. */
  steps: number | undefined;
  /** Of the latest epoch; they stay in the line until the next one. */
  results: { readonly step: number; readonly texts: readonly string[] };
  writtenAt: number;
  /** When the line of an epoch was last kept. */
  keptAt: number;
  /** The line of an epoch that may be written over. */
  fleeting: string | undefined;
  linesTold: number;
  /** A step whose line is due: where an epoch ends with it, that comes first, with what it settles. */
  due: StepReport | undefined;
}

function freshState(extent: StageExtent): State {
  return {
    extent,
    pace: undefined,
    steps: undefined,
    results: { step: 0, texts: [] },
    writtenAt: -Infinity,
    keptAt: -Infinity,
    fleeting: undefined,
    linesTold: 0,
    due: undefined,
  };
}

/** Beside the loss of a later step it is said which step they are of. */
function momentTexts({ step, texts }: State["results"], present: number): readonly string[] {
  if (texts.length === 0 || step === present) return texts;
  return [`(after step ${countText(step)}: ${texts.join(", ")})`];
}

function lineOf(state: State, report: StepReport | EpochReport, now: number): string {
  const { extent, pace, steps, results } = state;
  return [
    ...(extent.stages > 1 ? [extent.stage] : []),
    ...(extent.epochs === undefined ? [] : [`epoch ${ofTotal(report.epoch + 1, extent.epochs)}`]),
    `step ${ofTotal(report.step, steps)}`,
    `loss ${valueText(report.loss)}`,
    ...momentTexts(results, report.step),
    ...(pace === undefined ? [] : paceTexts(pace, report.step, steps, now)),
  ].join("  ");
}

/** `clock` gives milliseconds. */
export function makeProgress(
  terminal: Terminal,
  quiet: boolean,
  clock: () => number = () => performance.now(),
): Progress {
  let state = freshState({ stage: "", stages: 1, epochs: undefined });

  /** Where nothing is rewritten and no epoch ends, some of the steps are told. */
  const isMilestone = ({ step, steps }: StepReport): boolean => {
    if (state.extent.epochs !== undefined || steps === undefined) return false;
    const share = Math.floor((step * linesWithoutEpochs) / steps);
    if (share <= state.linesTold) return false;
    state.linesTold = share;
    return true;
  };

  const keep = (line: string, now: number): void => {
    terminal.note(line);
    state.keptAt = now;
    state.fleeting = undefined;
  };

  const tellDue = (): void => {
    if (state.due !== undefined) terminal.note(lineOf(state, state.due, clock()));
    state.due = undefined;
  };

  return {
    begin: (extent) => {
      state = freshState(extent);
    },
    step: (report) => {
      tellDue();
      const now = clock();
      const { pace } = state;
      state.steps = report.steps;
      // The first step warms up; the pace is taken from its end.
      if (pace === undefined) state.pace = { since: now, fromStep: report.step, examples: 0 };
      else state.pace = { ...pace, examples: pace.examples + report.examples };
      if (quiet) return;
      if (!terminal.live) {
        if (isMilestone(report)) state.due = report;
      } else if (now - state.writtenAt >= leastMilliseconds) {
        state.writtenAt = now;
        terminal.update(lineOf(state, report, now));
      }
    },
    epoch: (report) => {
      state.results = { step: report.step, texts: resultTexts(report) };
      tellDue();
      if (quiet || state.extent.epochs === undefined) return;
      const now = clock();
      const line = lineOf(state, report, now);
      if (terminal.live && now - state.keptAt < keptMilliseconds) {
        state.fleeting = line;
        if (now - state.writtenAt < leastMilliseconds) return;
        state.writtenAt = now;
        terminal.update(line);
      } else keep(line, now);
    },
    end: () => {
      tellDue();
      if (state.fleeting !== undefined) keep(state.fleeting, clock());
    },
  };
}
