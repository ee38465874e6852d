// A source of the runtime in; the same with each refusal's words replaced by a number, and these words as functions of what they name, out.

import ts from "typescript";

/** What `runtime/bundle/refusals.ts` has in place of functions whose second argument is a sentence for people. */
const refusals = { fail: "refuse", failFile: "refuseFile", NnError: "refusal" };
/** And in place of others. */
const listeners = { said: "explained", speaking: "outspoken" };

/**
 * `text` throws numbers: a refusal's own is `first` and what it stands at among those of this source. `words` are the sentences as
 * arrow functions of the local names they mention; what they call of the module stands in the module.
 */
export function partWords(file, source, first) {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true);
  const words = [];
  const changes = [];
  const visit = (node) => {
    const change = refusalChange(node, first + words.length);
    if (change) {
      words.push(change.words);
      changes.push(change);
      return;
    }
    const renamed = renaming(node);
    if (renamed) changes.push(renamed);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  if (changes.length === 0) return { text: source, words };
  let text = source;
  for (const { start, end, by } of changes.reverse())
    text = text.slice(0, start) + by + text.slice(end);
  const names = new Set(changes.map(({ name }) => `${name} as $${name}`));
  const path = "../".repeat(file.split("runtime/").at(-1).split("/").length - 1) || "./";
  return {
    text: `${text}\nimport { ${[...names].join(", ")} } from "${path}bundle/refusals.js";\n`,
    words,
  };
}

function renaming(node) {
  const name = ts.isCallExpression(node) ? listeners[calleeOf(node)] : undefined;
  return (
    name && {
      start: node.expression.getStart(),
      end: node.expression.getEnd(),
      name,
      by: `$${name}`,
    }
  );
}

function calleeOf({ expression }) {
  return ts.isIdentifier(expression) ? expression.text : "";
}

function refusalChange(node, number) {
  const isCall = ts.isCallExpression(node);
  if (!isCall && !ts.isNewExpression(node)) return undefined;
  const name = Object.hasOwn(refusals, calleeOf(node)) ? refusals[calleeOf(node)] : undefined;
  const [code, sentence, details] = node.arguments ?? [];
  if (name === undefined || sentence === undefined) return undefined;
  const locals = localsOf(sentence);
  if (!locals) return undefined;
  const given = [code.getText(), ...(isCall ? [] : [details?.getText() ?? "{}"]), number];
  return {
    start: node.getStart(),
    end: node.getEnd(),
    name,
    by: `$${name}(${[...given, ...locals].join(", ")})`,
    words: `(${locals.join(", ")}) => ${sentence.getText()}`,
  };
}

/** The names of functions around it that a sentence mentions; undefined where it cannot be said elsewhere. */
function localsOf(sentence) {
  const locals = new Set();
  let isPure = true;
  const visit = (node) => {
    if (ts.isTypeNode(node)) return;
    if (
      ts.isAwaitExpression(node) ||
      ts.isYieldExpression(node) ||
      node.kind === ts.SyntaxKind.ThisKeyword
    )
      isPure = false;
    if (ts.isIdentifier(node) && isReference(node) && scopeOf(node, sentence) === "local")
      locals.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(sentence);
  return isPure ? [...locals] : undefined;
}

function isReference(node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  return !ts.isParameter(parent) || parent.initializer === node;
}

/** Whether a name is bound within the sentence, in a function around it, or by the module, if not by the language. */
function scopeOf(name, sentence) {
  let isOutside = false;
  for (let node = name.parent; !ts.isSourceFile(node); node = node.parent) {
    isOutside ||= sentence === name || !within(node, sentence);
    if (declaredIn(node).includes(name.text)) return isOutside ? "local" : "inner";
  }
  return "module";
}

const within = (node, whole) => node.pos >= whole.pos && node.end <= whole.end;

function declaredIn(node) {
  if (ts.isFunctionLike(node)) return node.parameters.flatMap(({ name }) => namesOf(name));
  if (ts.isBlock(node) || ts.isCaseClause(node)) return node.statements.flatMap(declaredBy);
  if (ts.isForStatement(node) || ts.isForOfStatement(node) || ts.isForInStatement(node))
    return node.initializer && ts.isVariableDeclarationList(node.initializer)
      ? node.initializer.declarations.flatMap(({ name }) => namesOf(name))
      : [];
  if (ts.isCatchClause(node) && node.variableDeclaration)
    return namesOf(node.variableDeclaration.name);
  return [];
}

function declaredBy(statement) {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => namesOf(name));
  return (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name
    ? [statement.name.text]
    : [];
}

/** The names that a pattern binds. */
function namesOf(name) {
  return ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) =>
        ts.isOmittedExpression(element) ? [] : namesOf(element.name),
      );
}
