// Blocks, statements and the lines of train and search blocks come in; Prettier documents go out.

import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type * as ast from "../ast.js";
import { braceComments, innerComments } from "./comments.js";
import { printFunction } from "./declarations.js";
import { printArguments } from "./expressions.js";
import { assignment, braces, commaList, printed } from "./layout.js";
import type { AnyNode, Printing } from "./nodes.js";

const { group, ifBreak, indent, line } = builders;

export function printBlock(node: ast.Block, printing: Printing): Doc {
  const pads = paddings(node.statements, printing.text);
  const parts = node.statements.map((_, index) =>
    printing.print(["statements", index], { pad: pads[index] ?? 0 }),
  );
  return braces(printing.text, {
    nodes: node.statements,
    parts,
    brace: node.span.start,
    beside: braceComments(node),
    inner: innerComments(node),
  });
}

/** The keyword of a statement whose name is aligned with those of its neighbours. */
function alignedWord(statement: ast.Statement): string | undefined {
  if (statement.kind === "Trained") return statement.role;
  if (statement.kind === "Input") return "input";
  return statement.kind === "Target" ? "target" : undefined;
}

/** Inputs and targets, and weights and biases, that follow each other directly have their names in one column. */
function paddings(statements: readonly ast.Statement[], text: string): number[] {
  const pads = statements.map(() => 0);
  let start = 0;
  while (start < statements.length) {
    let end = start + 1;
    while (end < statements.length && adjoins(statements[end - 1], statements[end], text)) end++;
    const widths = statements.slice(start, end).map((one) => alignedWord(one)?.length ?? 0);
    const widest = widths.reduce((most, width) => Math.max(most, width), 0);
    widths.forEach((width, index) => (pads[start + index] = width === 0 ? 0 : widest - width));
    start = end;
  }
  return pads;
}

function adjoins(
  before: ast.Statement | undefined,
  after: ast.Statement | undefined,
  text: string,
): boolean {
  if (before === undefined || after === undefined) return false;
  const both = alignedWord(before) !== undefined && alignedWord(after) !== undefined;
  const alike = (before.kind === "Trained") === (after.kind === "Trained");
  return both && alike && !/\n[ \t\r]*\n/.test(text.slice(before.span.end, after.span.start));
}

function keyword(word: string, printing: Printing): Doc {
  return [word, ifBreak(" ".repeat(printing.pad), ""), " "];
}

function typed(node: { readonly type?: ast.Type }, printing: Printing): Doc {
  return node.type === undefined ? "" : [": ", printing.print(["type"])];
}

function bound(
  left: Doc,
  sign: string,
  key: string,
  value: AnyNode | undefined,
  printing: Printing,
): Doc {
  if (value === undefined) return left;
  return assignment(left, sign, value, () => printing.print([key]));
}

export function printStatement(
  node: Exclude<ast.Statement, ast.SkippedStatement>,
  printing: Printing,
): Doc {
  const { print } = printing;
  switch (node.kind) {
    case "Binding": {
      const left = [
        commaList(printed(printing, "names", node.names.length)),
        typed(node, printing),
      ];
      return bound(left, "=", "value", node.value, printing);
    }
    case "Draw": {
      const left = [node.name, typed(node, printing)];
      return bound(left, "~", "distribution", node.distribution, printing);
    }
    case "Update": {
      const left = commaList(printed(printing, "names", node.names.length));
      return bound(left, "<-", "value", node.value, printing);
    }
    case "Follow":
      return bound(print(["target"]), node.next ? "<-" : "=", "value", node.value, printing);
    case "Trained": {
      const left = [keyword(node.role, printing), node.name, typed(node, printing)];
      return bound(left, node.drawn ? "~" : "=", "initial", node.initial, printing);
    }
    case "State":
    case "Fitted":
    case "Carry": {
      const left = [node.kind.toLowerCase(), " ", node.name, typed(node, printing)];
      return bound(left, "=", "value", node.value, printing);
    }
    case "Shared":
      return bound(["shared ", node.name], "=", "value", node.value, printing);
    case "Input":
    case "Target":
      return printInput(node, printing);
    case "Output": {
      const names = commaList(printed(printing, "names", node.names.length));
      const left = ["output ", names, typed(node, printing)];
      return bound(left, "=", "value", node.value, printing);
    }
    case "Loss":
    case "Metric": {
      const word = node.kind.toLowerCase();
      if (node.name === undefined) return [word, " ", print(["value"])];
      return bound([word, " ", print(["name"])], "=", "value", node.value, printing);
    }
    case "Regularize":
    case "Project": {
      const on = node.selector === undefined ? "" : indent([line, "on ", print(["selector"])]);
      return group([node.kind.toLowerCase(), " ", print(["value"]), on]);
    }
    case "Check": {
      const message = printing.text.slice(node.messageSpan.start, node.messageSpan.end);
      return group(["check ", print(["condition"]), ",", indent([line, message])]);
    }
    case "Return":
    case "Yield": {
      const values = printed(printing, "values", node.values.length);
      return [node.kind.toLowerCase(), " ", commaList(values)];
    }
    case "If":
      return printIf(node, printing);
    case "For":
      return ["for ", node.name, " in ", print(["values"]), " ", print(["block"])];
    case "Function":
      return printFunction(node, printing);
  }
}

function printInput(node: ast.InputStatement | ast.TargetStatement, printing: Printing): Doc {
  const { print } = printing;
  const head = [keyword(node.kind.toLowerCase(), printing), node.name, typed(node, printing)];
  const missing = node.missing === undefined ? [] : [" missing ", print(["missing"])];
  const left = [...head, ...missing];
  if (node.distribution !== undefined) {
    return bound(left, "~", "distribution", node.distribution, printing);
  }
  const value = node.kind === "Target" ? node.value : undefined;
  return bound(left, "=", "value", value, printing);
}

function printIf(node: ast.IfStatement, printing: Printing): Doc {
  const branches = printed(printing, "branches", node.branches.length);
  const joined = branches.map((branch, index) => (index === 0 ? branch : [" else ", branch]));
  const last = node.otherwise === undefined ? [] : [" else ", printing.print(["otherwise"])];
  return [...joined, ...last];
}

type ReadLine = Exclude<ast.TrainLine | ast.SearchLine, ast.SkippedLine>;

export function printLine(node: ReadLine, printing: Printing): Doc {
  const { print } = printing;
  const on = (selector: ast.Selector | undefined): Doc =>
    selector === undefined ? "" : indent([line, "on ", print(["selector"])]);
  switch (node.kind) {
    case "OptimizerLine":
      return group(["optimizer ", print(["algorithm"]), on(node.selector)]);
    case "StartLine": {
      const path = printing.text.slice(node.pathSpan.start, node.pathSpan.end);
      return ["start ", print(["selector"]), " from ", path];
    }
    case "FreezeLine":
      return ["freeze ", print(["selector"])];
    case "MinimizeLine":
      return group([
        ["minimize ", commaList(printed(printing, "losses", node.losses.length))],
        on(node.selector),
        node.algorithm === undefined ? "" : indent([line, "with ", print(["algorithm"])]),
        node.repeat === undefined ? "" : indent([line, "repeat ", print(["repeat"])]),
      ]);
    case "MonitorLine":
      return ["monitor ", commaList(printed(printing, "names", node.names.length))];
    case "StopEarlyLine":
      return ["stop_early", printArguments(node.arguments, printing)];
    case "SettingLine":
      return [node.name, " ", print(["value"])];
    case "CandidateLine":
      return bound(node.name, "~", "distribution", node.distribution, printing);
    case "StrategyLine":
      return ["strategy ", print(["strategy"])];
    case "SearchObjectiveLine":
      return [`${node.sense} `, print(["value"])];
  }
}
