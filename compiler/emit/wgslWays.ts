// Takes what some devices compute otherwise than others, gives WGSL: both ways in one text.
import type { Statement, Way } from "../kernel/ir.js";
import type { Writer } from "./writer.js";
import { createWriter } from "./writer.js";

/** What a line begins with that is such devices' alone, and what stands before and behind that which is the others'. */
const marks: Readonly<Record<Way, readonly [line: string, from: string, to: string]>> = {
  subgroups: ["//+", "//-", "//="],
  alone: ["//*", "//<", "//>"],
};

/** A line goes on behind such a mark. */
export function isLineMark(text: string): boolean {
  return Object.values(marks).some(([line]) => line === text);
}

/** Comments of which the runtime makes the shader of such devices (`runtime/ways.ts`): the text is the others' as it stands. */
export function printBothWays(
  writer: Writer,
  { way, body, otherwise }: Extract<Statement, { kind: "either" }>,
  printBody: (writer: Writer, body: readonly Statement[]) => void,
): void {
  const [line, from, to] = marks[way];
  const own = createWriter();
  printBody(own, body);
  for (const text of own.text().trimEnd().split("\n")) writer.line(`${line} ${text}`);
  writer.line(from);
  printBody(writer, otherwise);
  writer.line(to);
}
