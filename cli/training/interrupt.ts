// In: Ctrl-C, a request to end, a closed terminal; out: a signal to stop after the step, and at the second one the end of the process.
import { Reported } from "../failure.js";
import type { ExitCode } from "../failure.js";
import type { Terminal } from "../terminal.js";

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives the signals their usual meaning back. */
  readonly release: () => void;
  /** Throws Reported with the exit code of the signal that came, once everything is saved. */
  readonly throwIfInterrupted: () => void;
}

/** 128 and the signal's number, as shells report it. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const satisfies Record<
  string,
  ExitCode
>;

/** `stopping` is what is said of what happens then. */
export function watchInterrupt(
  terminal: Terminal,
  stopping = "stopping after this step",
): Interrupt {
  const controller = new AbortController();
  let code: ExitCode | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    // A terminal that closes sends its signal to the whole group, some shells once more.
    if (name === "SIGHUP" && code === exitCodes.SIGHUP) return;
    const known = exitCodes[name as keyof typeof exitCodes];
    if (code !== undefined) process.exit(known);
    code = known;
    controller.abort();
    terminal.note(`${stopping} (Ctrl-C again ends at once)`);
  };
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of names) process.off(name, onSignal);
    },
    throwIfInterrupted: () => {
      if (code !== undefined) throw new Reported(code);
    },
  };
}
