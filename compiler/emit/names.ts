// A name that a model asks for in; the one that generated modules declare it by, in their code and their types alike, out.

/** What no module may declare: JavaScript's words in strict code, and TypeScript's. */
const reserved = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends " +
    "false finally for function if implements import in instanceof interface let new null package private protected " +
    "public return static super switch this throw true try typeof undefined var void while with yield globalThis"
  ).split(" "),
);

/** What the code and the types around the models speak of, beside the runtime. */
const around = new Set(
  "cpu given kernels load options plan weights Error Float32Array Int32Array Promise Readonly Record Uint8Array Uint32Array URL".split(
    " ",
  ),
);

/** The name itself unless it is taken: a word of the languages, of the text before, or of the other models'. */
export function freeName(name: string, taken: string, others: readonly string[] = []): string {
  const isFree =
    !reserved.has(name) &&
    !around.has(name) &&
    !others.includes(name) &&
    !new RegExp(`\\b${name}\\b`).test(taken);
  return isFree ? name : freeName(`${name}_`, taken, others);
}

/** How a module exports what it declares by another name. */
export function exportOf(local: string, name: string): string {
  return `export { ${local === name ? name : `${local} as ${name}`} };`;
}
