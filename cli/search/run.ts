// A file and the options of `nnc search` in; its trials run, journalled and compared, the best told, out.
import { existsSync } from "node:fs";
import { Failure, Reported, reportFailure } from "../failure.js";
import type { ExitCode } from "../failure.js";
import { counted } from "../numbers.js";
import { quoted } from "../shell.js";
import type { Terminal } from "../terminal.js";
import { makeAttempts } from "../training/attempt.js";
import { watchInterrupt } from "../training/interrupt.js";
import { openJournal } from "./journal.js";
import type { SearchOptions } from "./options.js";
import { openPlace, startNode } from "./pool.js";
import type { Place, StartProcess } from "./pool.js";
import { prepareSearch } from "./prepare.js";
import type { PreparedSearch } from "./prepare.js";
import { runTrial } from "./runTrial.js";
import type { TrialContext } from "./runTrial.js";
import { openTrials } from "./schedule.js";
import type { TrialSchedule } from "./schedule.js";
import { countsText, searchJson, setArguments, trialTable } from "./texts.js";
import { bestTrial } from "./trials.js";

function createTurns(): TrialContext["inTurn"] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
}

function contextOf(
  { search, job, options, terminal }: PreparedSearch,
  trials: TrialSchedule,
): TrialContext {
  const told = new Set<string>();
  return {
    search,
    job,
    trials,
    terminal,
    isQuiet: options.quiet === true,
    weights: options.output,
    tellBackend: (backend) => {
      if (!told.has(backend)) terminal.note(`backend: ${backend}`);
      told.add(backend);
    },
    inTurn: createTurns(),
  };
}

/** Trials until there are none, in every place at once. Throws the first failure that ends the search. */
async function runAll(context: TrialContext, places: readonly Place[]): Promise<void> {
  const endAll = (): void => {
    for (const place of places) place.end();
  };
  const runPlace = async (place: Place): Promise<void> => {
    for (let trial = context.trials.next(); trial !== undefined; trial = context.trials.next())
      if (!(await runTrial(context, place, trial))) return;
  };
  const settled = await Promise.allSettled(
    places.map((place) =>
      runPlace(place).catch((error: unknown) => {
        endAll();
        throw error;
      }),
    ),
  );
  for (const one of settled) if (one.status === "rejected") throw one.reason;
}

/** A search that goes on may have the best trial behind it, from before anyone asked for its weights. */
async function keepBest(context: TrialContext, place: Place): Promise<void> {
  const { search, trials, weights, terminal } = context;
  const best = bestTrial(search.goal, trials.all());
  if (weights === undefined || best === undefined) return;
  if (best.outcome.weights === weights && existsSync(weights)) return;
  terminal.note(`trial ${best.number}, the best, is trained again for its weights`);
  const result = await place.run(
    {
      ...context.job,
      options: { ...context.job.options, set: { ...context.job.options.set, ...best.set } },
    },
    { onOpened: context.tellBackend, onEpoch: () => false },
  );
  if (result.kind === "cut") return;
  const problem =
    result.kind === "trained"
      ? await result.keep(weights)
      : result.kind === "failed"
        ? result.reason
        : "it was ended";
  if (problem !== undefined)
    throw new Failure(
      1,
      "weights",
      `the weights of trial ${best.number} were not written: ${problem}`,
      {
        file: weights,
      },
    );
  trials.end(best, { ...best.outcome, weights });
}

function tellResults(
  { search, model, options, terminal }: PreparedSearch,
  trials: TrialSchedule,
): void {
  const all = trials.all();
  const best = bestTrial(search.goal, all);
  if (trials.isExhausted() && all.length < search.trials)
    terminal.note(`all ${counted(all.length, "candidate")} that there are were tried`);
  terminal.note(countsText(all));
  if (options.json) {
    const { strategy, seed, goal } = search;
    terminal.write(
      `${JSON.stringify(searchJson({ model, strategy, seed, goal }, all), null, 2)}\n`,
    );
  } else if (best !== undefined) {
    terminal.write(
      `${trialTable(search.goal, all)}\n\nthe best, trial ${best.number}:\n${setArguments(best.set)}\n`,
    );
  }
  if (options.output !== undefined && best?.outcome.weights === options.output)
    terminal.note(`wrote ${options.output}, the weights of trial ${best.number}`);
}

/** Why none was finished, as far as one word stands for all. */
function noneFinished({ search, file }: PreparedSearch, trials: TrialSchedule): Failure {
  const reasons = trials
    .all()
    .flatMap(({ outcome }) => (outcome?.kind === "failed" ? [outcome.reason] : []));
  const [first] = reasons;
  return new Failure(1, "search", `none of the ${counted(search.trials, "trial")} finished`, {
    file,
    hint: first === undefined ? undefined : `the first failed: ${first}`,
  });
}

async function writeReport(prepared: PreparedSearch, trials: TrialSchedule): Promise<void> {
  const { options, terminal } = prepared;
  if (options.report === undefined) return;
  const [{ searchPage }, { writeWhole }] = await Promise.all([
    import("./page.js"),
    import("../data/atomic.js"),
  ]);
  writeWhole(options.report, searchPage(prepared, trials.all()));
  terminal.note(`wrote ${options.report}`);
}

export async function runSearch(
  file: string,
  options: SearchOptions,
  terminal: Terminal,
): Promise<void> {
  await runPrepared(await prepareSearch(file, options, terminal), startNode);
}

/** `start` makes the processes of trials. */
export async function runPrepared(prepared: PreparedSearch, start: StartProcess): Promise<void> {
  const { search, identity, options, terminal } = prepared;
  const { attempt, throwFirst } = makeAttempts(terminal);
  const journal = openJournal(options.log, identity, { note: terminal.note, attempt });
  const trials = openTrials(search, journal);
  const ended = journal.trials.filter(({ outcome }) => outcome !== undefined).length;
  if (journal.trials.length > 0)
    terminal.note(`going on with ${options.log ?? ""}, where ${counted(ended, "trial")} ended`);
  const context = contextOf(prepared, trials);
  const places = Array.from({ length: Math.min(options.jobs, search.trials) }, () =>
    openPlace(start),
  );
  const interrupt = watchInterrupt(terminal, "stopping the trials under way");
  const endAll = (): void => {
    for (const place of places) place.end();
  };
  interrupt.signal.addEventListener("abort", endAll);
  try {
    await runAll(context, places);
    const [place] = places;
    if (place !== undefined && !interrupt.signal.aborted) await keepBest(context, place);
  } finally {
    endAll();
    interrupt.release();
    journal.close();
  }
  tellResults(prepared, trials);
  try {
    await writeReport(prepared, trials);
    if (interrupt.signal.aborted) tellInterrupted(prepared);
    interrupt.throwIfInterrupted();
    throwFirst();
    if (bestTrial(search.goal, trials.all()) === undefined) throw noneFinished(prepared, trials);
  } catch (error) {
    // The one value of `--json` is out already.
    if (options.json) throw new Reported(reportFailure(error, terminal, false) as ExitCode);
    throw error;
  }
}

function tellInterrupted({ options, terminal }: PreparedSearch): void {
  const command = ["nnc", ...process.argv.slice(2).map(quoted)].join(" ");
  terminal.note(
    options.log === undefined
      ? "stopped; with --log TRIALS.jsonl the next search can be gone on with"
      : `stopped; go on with: ${command}`,
  );
}
