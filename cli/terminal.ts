// In: the process's streams and environment; out: the one way by which commands write.

import { visibleText } from "../grammar/displayLine.js";

export interface Terminal {
  /** Results: stdout. */
  readonly write: (text: string) => void;
  /** Diagnostics and progress: stderr, one line. */
  readonly note: (line: string) => void;
  /** Replaces the line that updates; only where `live`. */
  readonly update: (line: string) => void;
  /** Stderr is a terminal whose line can be rewritten. */
  readonly live: boolean;
  /** Stderr shows colours. */
  readonly colour: boolean;
}

function showsColour(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): boolean {
  if ((environment["NO_COLOR"] ?? "") !== "") return false;
  return stream.isTTY && environment["TERM"] !== "dumb";
}

/** What steers a terminal, colours aside, comes from nobody but `processTerminal`. */
export function withoutControls(text: string, colour: boolean): string {
  return text.replace(/\u001b\[[\d;]*m|[^\x20-\x7e\n\t]/gu, (found) =>
    found.length > 2 && found.startsWith("\u001b") && colour ? found : visibleText(found),
  );
}

export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const live = stderr.isTTY && env["TERM"] !== "dumb";
  const colour = showsColour(stderr, env);
  let updating = false;
  const clear = (): string => {
    const erase = updating ? "\r\u001b[2K" : "";
    updating = false;
    return erase;
  };
  return {
    live,
    colour,
    write: (text) => {
      if (updating) stderr.write(clear());
      // A file or a pipe gets the text as it is.
      stdout.write(stdout.isTTY ? withoutControls(text, false) : text);
    },
    note: (line) => {
      stderr.write(`${clear()}${withoutControls(line, colour)}\n`);
    },
    update: (line) => {
      if (!live) return;
      const erase = clear();
      updating = true;
      const shown = withoutControls(line, false).replaceAll("\n", " ");
      stderr.write(`${erase}${shown.slice(0, Math.max(20, stderr.columns - 1))}`);
    },
  };
}

/** Red, yellow and the like, where the terminal shows them. */
export function paint(terminal: Terminal, style: "bold" | "dim" | "red", text: string): string {
  const code = { bold: 1, dim: 2, red: 31 }[style];
  return terminal.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
}
