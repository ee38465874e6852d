// A file of the standard library in; its entries, as the grammar reads them, with signature, documentation, parameters and text, out.

import { parse } from "../../build/grammar/parse.js";

/** Declarations below a doc comment; what they are made of has none. */
export function entriesOf(name, text) {
  const { file, diagnostics } = parse({ name, text });
  if (diagnostics.length > 0) throw new Error(`${name} has mistakes: run nnc check on it`);
  return file.declarations
    .filter((declaration) => declaration.doc !== undefined)
    .map((declaration) => ({
      name: declaration.name,
      kind: declaration.kind,
      file: name,
      line: text.slice(0, declaration.span.start).split("\n").length,
      signature: signatureOf(declaration, text),
      text: cut(text, declaration.span),
      ...documentationOf(declaration.doc),
      parameters: (declaration.parameters ?? []).map((parameter) => ({
        name: parameter.name,
        type: parameter.type && cut(text, parameter.type.span),
        default: parameter.default && cut(text, parameter.default.span),
      })),
      keeps: keptBy(declaration, text),
    }));
}

const cut = (text, span) => text.slice(span.start, span.end);

/** All that stands before the body, a parameter a line where it is long: `layer dense(x: [...rest, n], units: int): [...rest, units]`. */
function signatureOf(declaration, text) {
  const { span, kind, name, parameters = [], result } = declaration;
  if (kind === "Const") return cut(text, span);
  const word = text.slice(span.start, declaration.nameSpan.start).trim();
  const given = parameters.map((parameter) => cut(text, parameter.span));
  const gives = result === undefined ? "" : `: ${cut(text, result.span)}`;
  const line = `${word} ${name}(${given.join(", ")})${gives}`;
  return line.length <= widest
    ? line
    : `${word} ${name}(\n${given.map((one) => `  ${one},\n`).join("")})${gives}`;
}

/** Signs that a page of the reference shows side by side. */
const widest = 72;

/**
 * `[...s] to [...s]: max(0, x) (Nair and Hinton 2010); elsewhere: ReLU` is shapes, what it does, and what others call it. Where no
 * shapes stand before a colon, all of it is what it does.
 */
function documentationOf(doc) {
  const [paragraph, ...names] = doc.split(/;?\s*elsewhere: /);
  const colon = paragraph.indexOf(": ");
  const before = colon < 0 ? "" : paragraph.slice(0, colon);
  const isShapes = /\bto\b/.test(before) && before.includes("[");
  return {
    shapes: isShapes ? before : undefined,
    does: isShapes ? paragraph.slice(colon + 2) : paragraph,
    elsewhere: names.join(", ").split(/,\s*/).filter(Boolean),
  };
}

/** Parameters, states and fitted values that a call makes, in the order of their declaration, those of blocks included. */
function keptBy(declaration, text) {
  const kinds = ["Trained", "State", "Fitted"];
  const found = [];
  const visit = (statements) => {
    for (const statement of statements) {
      if (kinds.includes(statement.kind)) found.push(cut(text, statement.span));
      if (statement.kind === "If") {
        for (const branch of statement.branches) visit(branch.block.statements);
        visit(statement.otherwise?.statements ?? []);
      }
      if (statement.kind === "For") visit(statement.block.statements);
    }
  };
  if (declaration.kind === "Layer") visit(declaration.body.statements ?? []);
  return found;
}
