// Streams of a command in; a terminal that remembers what is written to it, out.
import type { Terminal } from "../../cli/terminal.js";

export interface Recorder extends Terminal {
  readonly written: string[];
  readonly notes: string[];
  readonly updates: string[];
}

export function recorder(live = false): Recorder {
  const written: string[] = [];
  const notes: string[] = [];
  const updates: string[] = [];
  return {
    live,
    colour: false,
    written,
    notes,
    updates,
    write: (text) => written.push(text),
    note: (line) => notes.push(line),
    update: (line) => updates.push(line),
  };
}
