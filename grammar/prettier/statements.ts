// Blocks, statements and the lines of train and search blocks come in; Prettier documents go out.

import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type * as ast from "../ast.js";
import { keywordPads } from "./columns.js";
import { braceComments, innerComments } from "./comments.js";
import { printFunction } from "./declarations.js";
import { printArguments } from "./expressions.js";
import { assignment, braces, commaList, printed } from "./layout.js";
import type { AnyNode, Printing } from "./nodes.js";

const { group, ifBreak, indent, line } = builders;

export function printBlock(node: ast.Block, printing: Printing): Doc {
  const pads = keywordPads(node.statements, printing.text);
  const parts = node.statements.map((_, index) =>
    printing.print(["statements", index], { pads: [pads[index] ?? 0] }),
  );
  return braces(printing.text, {
    nodes: node.statements,
    parts,
    brace: node.span.start,
    beside: braceComments(node),
    inner: innerComments(node),
  });
}

function keyword(word: string, printing: Printing): Doc {
  return [word, spaces(printing, 0), " "];
}

/** Spaces that lead to a column, where statements stand one to a line. */
function spaces(printing: Printing, index: number): Doc {
  const pad = " ".repeat(printing.pads[index] ?? 0);
  return ifBreak(pad, "", printing.block === undefined ? {} : { groupId: printing.block });
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
  return assignment(left, sign, { key, node: value }, printing);
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
      return [node.kind.toLowerCase(), " ", print(["value"]), printOn(node.selector, printing)];
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

/** `on weights`, beside what it follows where there is room. */
function printOn(selector: ast.Selector | undefined, { print }: Printing): Doc {
  return selector === undefined ? "" : group(indent([line, "on ", print(["selector"])]));
}

function printMinimize(node: ast.MinimizeLine, printing: Printing): Doc {
  const { print } = printing;
  const losses = commaList(printed(printing, "losses", node.losses.length));
  const on = ["on ", print(["selector"]), spaces(printing, 1)];
  return group([
    ["minimize ", losses, spaces(printing, 0)],
    node.selector === undefined ? "" : indent([line, on]),
    node.algorithm === undefined ? "" : indent([line, "with ", print(["algorithm"])]),
    node.repeat === undefined ? "" : indent([line, "repeat ", print(["repeat"])]),
  ]);
}

type ReadLine = Exclude<ast.TrainLine | ast.SearchLine, ast.SkippedLine>;

export function printLine(node: ReadLine, printing: Printing): Doc {
  const { print } = printing;
  switch (node.kind) {
    case "OptimizerLine":
      return ["optimizer ", print(["algorithm"]), printOn(node.selector, printing)];
    case "StartLine": {
      const path = printing.text.slice(node.pathSpan.start, node.pathSpan.end);
      return ["start ", print(["selector"]), " from ", path];
    }
    case "FreezeLine":
      return ["freeze ", print(["selector"])];
    case "MinimizeLine":
      return printMinimize(node, printing);
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
