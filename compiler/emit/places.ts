// Takes a source file, gives the words for a place in it, as comments of kernels use them: `lenet.nn:9`.
import { lineTable, positionAt } from "../../grammar/span.js";
import type { SourceFile } from "../../grammar/span.js";
import type { Origin } from "../types/graph.js";

/** Places of other files (the prelude, imports) are told by the instance that led there. */
export function createDescriber(file: SourceFile): (origin: Origin) => string {
  const table = lineTable(file);
  const base = file.name.replace(/^.*[\\/]/, "");
  return (origin) => {
    if (origin.file !== file) return origin.path === "" ? origin.file.name : origin.path;
    return `${base}:${positionAt(table, origin.span.start).line}`;
  };
}
