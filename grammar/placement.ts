// A syntax tree comes in; the mistakes of statements that stand where they have no meaning go out.

import type * as ast from "./ast.js";
import type { DiagnosticCode } from "./catalogue/index.js";
import { type Diagnostic, diagnostic, type DiagnosticDetails } from "./diagnostics.js";
import type { Span } from "./span.js";
import { expressionsOf, nestedScans } from "./walk.js";

/** What a block is the body of; a scan remembers what it stands in. */
type Owner = "function" | "init" | "layer" | "optimizer" | "projection" | "model";

interface Surroundings {
  readonly file: ast.SourceFile;
  readonly owner: Owner;
  readonly inScan: boolean;
  readonly diagnostics: Diagnostic[];
}

const ownerNames: Readonly<Record<Owner, string>> = {
  function: "a `fn`",
  init: "an `init`",
  layer: "a `layer`",
  optimizer: "an `optimizer`",
  projection: "a `projection`",
  model: "a `model`",
};

const modelOnly: readonly Owner[] = ["model"];
const withParameters: readonly Owner[] = ["layer", "model"];

/** In which bodies a statement may stand; those not listed may stand in all. */
const owners: Partial<Record<ast.Statement["kind"], readonly Owner[]>> = {
  Input: modelOnly,
  Target: modelOnly,
  Output: modelOnly,
  Loss: modelOnly,
  Metric: modelOnly,
  Project: modelOnly,
  Follow: modelOnly,
  Regularize: withParameters,
  Trained: withParameters,
  Fitted: withParameters,
  Shared: withParameters,
  State: ["layer", "model", "optimizer"],
  Update: ["layer", "model", "optimizer", "projection"],
};

const words: Partial<Record<ast.Statement["kind"], string>> = {
  Input: "input",
  Target: "target",
  Output: "output",
  Loss: "loss",
  Metric: "metric",
  Project: "project",
  Regularize: "regularize",
  Fitted: "fitted",
  Shared: "shared",
  State: "state",
  Update: "<-",
  Carry: "carry",
  Yield: "yield",
  Return: "return",
};

/** Checks every block of a file. */
export function checkPlacement(file: ast.File): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const surroundings = (owner: Owner): Surroundings => ({
    file: file.source,
    owner,
    inScan: false,
    diagnostics,
  });
  for (const declaration of file.declarations) {
    switch (declaration.kind) {
      case "Function":
        checkBody(surroundings("function"), declaration);
        break;
      case "Init":
        checkBody(surroundings("init"), declaration);
        break;
      case "Layer":
        checkBody(surroundings("layer"), declaration);
        break;
      case "Optimizer":
        checkBlock(surroundings("optimizer"), declaration.block);
        break;
      case "Projection":
        checkBlock(surroundings("projection"), declaration.block);
        break;
      case "Model":
        checkBlock(surroundings("model"), declaration.block);
        break;
      case "Import":
      case "Const":
      case "Train":
      case "Search":
      case "SkippedDeclaration":
        break;
    }
  }
  return diagnostics;
}

function report(
  surroundings: Surroundings,
  code: DiagnosticCode,
  span: Span,
  details: Omit<DiagnosticDetails, "file" | "span">,
): void {
  surroundings.diagnostics.push(diagnostic(code, { ...details, file: surroundings.file, span }));
}

type WithBody = ast.FunctionDeclaration | ast.InitDeclaration | ast.LayerDeclaration;

function checkBody(surroundings: Surroundings, declaration: WithBody): void {
  const { body } = declaration;
  if (body.kind === "ExpressionBody") {
    checkScans(surroundings, [body.value, ...body.where.map((binding) => binding.value)]);
    return;
  }
  checkBlock(surroundings, body);
  if (endsInReturn(body)) return;
  report(surroundings, "NN0115", declaration.nameSpan, {
    message: `the body of \`${declaration.name}\` does not end in \`return\``,
    notes: [`${ownerNames[surroundings.owner]} gives back what it returns`],
    hint: "end the block with `return …`",
  });
}

/** Whether the last statement returns, on every branch where it is an `if`. */
function endsInReturn(block: ast.Block): boolean {
  const last = block.statements.at(-1);
  if (last === undefined) return false;
  // What stands behind a `return` is reported as such.
  if (block.statements.some((one) => one.kind === "Return")) return true;
  // What was skipped may have been the `return`.
  if (last.kind === "SkippedStatement") return true;
  if (last.kind !== "If" || last.otherwise === undefined) return false;
  return (
    last.branches.every((branch) => endsInReturn(branch.block)) && endsInReturn(last.otherwise)
  );
}

function checkBlock(surroundings: Surroundings, block: ast.Block): void {
  const stop = block.statements.findIndex((one) => one.kind === "Return");
  const behind = stop < 0 ? undefined : block.statements[stop + 1];
  // In a model a `return` has no place itself, which is told.
  if (behind !== undefined && surroundings.owner !== "model") {
    report(surroundings, "NN0120", behind.span, {
      message: "this statement stands after `return` and is never reached",
      hint: "remove it, or move it before `return`",
    });
  }
  for (const statement of block.statements) checkStatement(surroundings, statement);
}

function checkStatement(surroundings: Surroundings, statement: ast.Statement): void {
  checkOwner(surroundings, statement);
  checkNamed(surroundings, statement);
  checkScans(surroundings, expressionsOf(statement));
  if (statement.kind === "If") {
    for (const branch of statement.branches) checkBlock(surroundings, branch.block);
    if (statement.otherwise !== undefined) checkBlock(surroundings, statement.otherwise);
  } else if (statement.kind === "For") checkBlock(surroundings, statement.block);
  else if (statement.kind === "Function") {
    checkBody({ ...surroundings, owner: "function", inScan: false }, statement);
  }
}

function checkScans(surroundings: Surroundings, expressions: readonly ast.Expression[]): void {
  for (const scan of nestedScans(expressions)) {
    checkBlock({ ...surroundings, inScan: true }, scan.block);
  }
}

/** `_` drops a value: what is declared to be kept, given or drawn has a name. */
function checkNamed(surroundings: Surroundings, statement: ast.Statement): void {
  const declared =
    statement.kind === "Output" && statement.value !== undefined
      ? statement.names
      : statement.kind === "Loss" || statement.kind === "Metric"
        ? [statement.name]
        : "nameSpan" in statement && statement.kind !== "For"
          ? [{ name: statement.name, span: statement.nameSpan }]
          : [];
  for (const found of declared) {
    if (found?.name !== "_") continue;
    report(surroundings, "NN0108", found.span, {
      message: "`_` drops a value; what is declared has a name",
      hint: "`_` stands among the names that a binding gives: `_, order = top_k(x, 3)`",
    });
  }
}

/** What messages call a statement. */
function wordOf(statement: ast.Statement): string | undefined {
  if (statement.kind === "Trained") return statement.role;
  if (statement.kind !== "Follow") return words[statement.kind];
  const { path } = statement.target;
  return `${path.map(({ name }) => name).join(".")}.* ${statement.next ? "<-" : "="}`;
}

function checkOwner(surroundings: Surroundings, statement: ast.Statement): void {
  const { owner, inScan } = surroundings;
  const word = wordOf(statement);
  if (word === undefined) return;
  const wrong = (hint: string): void => {
    const where = inScan ? `a \`scan\`` : ownerNames[owner];
    report(surroundings, "NN0116", headSpan(statement, word), {
      message: `\`${word}\` does not belong in ${where}`,
      hint,
    });
  };
  switch (statement.kind) {
    case "Carry":
    case "Yield":
      if (!inScan) wrong(`\`${word}\` stands in the block of a \`scan\``);
      return;
    case "Return":
      if (inScan) wrong("what a scan gives out step by step is `yield`ed; its value is the stack");
      else if (owner === "model") wrong(outputHint(statement));
      else if (owner === "optimizer" || owner === "projection") wrong("it ends with `w <- …`");
      return;
    default:
      if (statement.kind === "Update" && inScan) return;
      if (owners[statement.kind]?.includes(owner) === false) wrong(ownerHint(statement, owner));
      else if (inScan && modelOnly === owners[statement.kind]) {
        wrong("move it out of the `scan`, into the model itself");
      }
  }
}

function ownerHint(statement: ast.Statement, owner: Owner): string {
  const allowed = owners[statement.kind] ?? [];
  if (owner === "function" && allowed.includes("layer") && statement.kind !== "Update") {
    return "a `fn` has no parameters of its own: declare it as a `layer`";
  }
  if (statement.kind === "Update") {
    return "bind a new value with `=`; `<-` is for a `state`, a `carry` or the `w` of an optimizer";
  }
  return `it stands in ${allowed.map((one) => ownerNames[one]).join(" or ")}`;
}

/** The word that says what a statement is. */
function headSpan(statement: ast.Statement, word: string): Span {
  const { start, end } = statement.span;
  if (statement.kind === "Follow") return statement.target.span;
  return word === "<-" ? { start, end } : { start, end: start + word.length };
}

/** `return y` in a model. */
function outputHint({ values }: ast.ReturnStatement): string {
  const [only] = values;
  const written = values.length === 1 && only?.kind === "Name" ? only.name : "y = …";
  return `a model gives out its \`output\`s: write \`output ${written}\``;
}
