// In: Ctrl-C; out: a signal to stop after the step, and at the second one the end of the process.
import type { Terminal } from "../terminal.js";

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives Ctrl-C its usual meaning back. */
  readonly release: () => void;
}

/** 128 + SIGINT, as shells report it. */
const interruptedCode = 130;

export function watchInterrupt(terminal: Terminal): Interrupt {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(interruptedCode);
    controller.abort();
    terminal.note("stopping after this step (Ctrl-C again ends at once)");
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    release: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
