// The process of one trial after the other: jobs from the search that started it in; what becomes of them, out.
import { describeFailure, DiagnosticsFailure } from "../failure.js";
import type { Terminal } from "../terminal.js";
import { writeWeights } from "../weights.js";
import type { FromTrial, ToTrial, TrialJob } from "./messages.js";
import { ChangedProgram, trainTrial } from "./train.js";
import type { DataCache } from "./train.js";

/** What trials have to say of themselves, the search says. */
const silent: Terminal = {
  write: () => undefined,
  note: () => undefined,
  update: () => undefined,
  live: false,
  colour: false,
};

function send(message: FromTrial): void {
  process.send?.(message);
}

/** The next message of a kind, of which there is one to each that was sent. */
function answer<Kind extends ToTrial["kind"]>(
  kind: Kind,
): Promise<Extract<ToTrial, { kind: Kind }>> {
  return new Promise((resolve) => {
    const listen = (message: ToTrial): void => {
      if (message.kind !== kind) return;
      process.off("message", listen);
      resolve(message as Extract<ToTrial, { kind: Kind }>);
    };
    process.on("message", listen);
  });
}

async function runJob(job: TrialJob, cache: DataCache): Promise<void> {
  const { net, data, isStopped, ...reached } = await trainTrial(
    job,
    {
      onOpened: (backend) => {
        send({ kind: "opened", backend });
      },
      onEpoch: async (epoch, value) => {
        const verdict = answer("verdict");
        send({ kind: "epoch", epoch, value });
        return !(await verdict).isStopped;
      },
    },
    cache,
    silent,
  );
  try {
    if (isStopped) {
      send({ kind: "stopped" });
      return;
    }
    const wanted = answer("keep");
    send({ kind: "trained", ...reached });
    const { weights } = await wanted;
    if (weights === undefined) send({ kind: "kept" });
    else {
      const saved = await net.save();
      send({ kind: "kept", ...written(weights, saved, data.vocabularies) });
    }
  } finally {
    net.destroy();
  }
}

function written(...weights: Parameters<typeof writeWeights>): { readonly problem?: string } {
  try {
    writeWeights(...weights);
    return {};
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The first mistake of a program that does not compile, or the words of what was thrown. */
function failureOf(error: unknown): { readonly code: string; readonly reason: string } {
  if (error instanceof DiagnosticsFailure) {
    const errors = error.diagnostics as readonly Partial<Record<string, string>>[];
    const first = errors.find(({ severity }) => severity === "error") ?? {};
    return {
      code: "diagnostics",
      reason: `${first["code"] ?? "a mistake"}: ${first["message"] ?? ""}`,
    };
  }
  const { code, message, file } = describeFailure(error);
  return { code, reason: file === undefined ? message : `${file}: ${message}` };
}

function tellFailure(error: unknown): void {
  if (error instanceof ChangedProgram) {
    send({ kind: "impossible", code: "changed", message: error.message });
    return;
  }
  const { code, reason } = failureOf(error);
  if (code === "no-adapter") send({ kind: "impossible", code, message: reason });
  else send({ kind: "failed", reason });
}

const cache: DataCache = {};
process.on("message", (message: ToTrial) => {
  if (message.kind === "train") runJob(message.job, cache).catch(tellFailure);
});
// Ctrl-C and a closed terminal reach the whole group: the search decides what becomes of its trials.
for (const name of ["SIGINT", "SIGHUP"] as const) process.on(name, () => undefined);
/** Without the search, however it ended, nobody waits for the trial. */
process.on("disconnect", () => process.exit(0));
