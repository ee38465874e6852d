// A syntax tree comes in; a compact s-expression of it, without spans, goes out: for people and for golden tests.

import type * as ast from "./ast.js";

/** Wider forms are broken over lines, one part each. */
const lineWidth = 100;

/** A form is its head, a string, and its parts; a plain string is printed as it stands. */
type Form = string | readonly Form[];

/** Prints a file as text, one form per declaration. */
export function printAst(file: ast.File): string {
  const head = file.doc === undefined ? [] : [doc(file.doc)];
  const forms = [...head, ...file.declarations.map(declaration)];
  return forms.map((form) => `${layout(form, 0)}\n`).join("");
}

function layout(form: Form, indent: number): string {
  const flat = flatten(form);
  if (typeof form === "string" || (flat.length + indent <= lineWidth && !hasBlock(form)))
    return flat;
  const composite = form.findIndex((part) => typeof part !== "string");
  const inline = composite < 0 ? form.length : composite;
  const first = form.slice(0, inline).join(" ");
  const margin = "\n" + " ".repeat(indent + 2);
  const rest = form.slice(inline).map((part) => margin + layout(part, indent + 2));
  return `(${first}${rest.join("")})`;
}

function flatten(form: Form): string {
  return typeof form === "string" ? form : `(${form.map(flatten).join(" ")})`;
}

/** Blocks always stand one statement to a line. */
function hasBlock(form: Form): boolean {
  if (typeof form === "string") return false;
  return (
    form[0] === "block" || form.slice(1).some((part) => typeof part !== "string" && hasBlock(part))
  );
}

function doc(text: string | undefined): Form {
  return ["doc", JSON.stringify(text ?? "")];
}

function maybe(form: Form | undefined): Form[] {
  return form === undefined ? [] : [form];
}

function docs(node: { readonly doc?: string }): Form[] {
  return node.doc === undefined ? [] : [doc(node.doc)];
}

function declaration(node: ast.Declaration): Form {
  switch (node.kind) {
    case "Import":
      return ["import", JSON.stringify(node.path), ...node.names.map(plain), ...docs(node)];
    case "Const":
      return ["const", node.name, ...types(node.type), value(node.value), ...docs(node)];
    case "Function":
      return functionForm(node);
    case "Init":
      return ["init", node.name, parameters(node.parameters), body(node.body), ...docs(node)];
    case "Layer": {
      const signature = [parameters(node.parameters), ...maybe(result(node.result))];
      return ["layer", node.name, ...signature, body(node.body), ...docs(node)];
    }
    case "Optimizer":
    case "Projection":
    case "Model": {
      const head = node.kind.toLowerCase();
      return [head, node.name, parameters(node.parameters), block(node.block), ...docs(node)];
    }
    case "Train": {
      const stage: Form[] = node.stage === undefined ? [] : [["stage", node.stage.name]];
      return [
        "train",
        node.model.name,
        ...stage,
        ["block", ...node.lines.map(line)],
        ...docs(node),
      ];
    }
    case "Search":
      return ["search", node.model.name, ["block", ...node.lines.map(line)], ...docs(node)];
    case "SkippedDeclaration":
      return ["skipped", ...node.names];
  }
}

function plain(node: ast.Identifier): string {
  return node.name;
}

function functionForm(node: ast.FunctionDeclaration): Form {
  const signature = [parameters(node.parameters), ...maybe(result(node.result))];
  return ["fn", node.name, ...signature, body(node.body), ...docs(node)];
}

function parameters(nodes: readonly ast.Parameter[]): Form {
  const forms = nodes.map((node): Form => {
    if (node.type === undefined && node.default === undefined) return node.name;
    const initial: Form[] = node.default === undefined ? [] : [["=", value(node.default)]];
    return [node.name, ...types(node.type), ...initial];
  });
  return ["parameters", ...forms];
}

function body(node: ast.Body): Form {
  if (node.kind === "Block") return block(node);
  const where = node.where.map((one): Form => ["where", one.name, value(one.value)]);
  return ["=", value(node.value), ...where];
}

function block(node: ast.Block): Form {
  return ["block", ...node.statements.map(statement)];
}

function types(node: ast.Type | undefined): Form[] {
  return node === undefined ? [] : [type(node)];
}

function type(node: ast.Type): Form {
  if (node.kind === "ScalarType") return node.name;
  const classes = node.classes === undefined ? [] : [value(node.classes)];
  return [node.element, ...classes, ["shape", ...node.dimensions.map(dimension)]];
}

function dimension(node: ast.Dimension): Form {
  return node.kind === "SpreadDimension" ? `...${node.name}` : value(node);
}

function result(node: ast.ResultType | undefined): Form | undefined {
  return node === undefined ? undefined : ["result", ...node.types.map(type)];
}

function statement(node: ast.Statement): Form {
  switch (node.kind) {
    case "Binding":
      return ["=", ...node.names.map(plain), ...types(node.type), value(node.value)];
    case "Draw":
      return ["~", node.name, type(node.type), value(node.distribution)];
    case "Update":
      return ["<-", ...node.names.map(plain), value(node.value)];
    case "Follow":
      return [node.next ? "<-" : "=", value(node.target), value(node.value)];
    case "Trained": {
      const initial: Form = [node.drawn ? "~" : "=", value(node.initial)];
      return [node.role, node.name, type(node.type), initial, ...docs(node)];
    }
    case "State":
    case "Fitted":
      return [lower(node), node.name, ...types(node.type), value(node.value), ...docs(node)];
    case "Carry":
      return ["carry", node.name, ...types(node.type), value(node.value)];
    case "Shared":
      return ["shared", node.name, value(node.value)];
    case "Input":
    case "Target":
      return [lower(node), node.name, type(node.type), ...origin(node), ...docs(node)];
    case "Output": {
      const names = node.names.map(plain);
      return ["output", ...names, ...types(node.type), ...optional(node.value), ...docs(node)];
    }
    case "Loss":
    case "Metric": {
      const name = node.name === undefined ? [] : [node.name.name];
      return [lower(node), ...name, value(node.value), ...docs(node)];
    }
    case "Regularize":
    case "Project":
      return [lower(node), value(node.value), ...maybe(selector(node.selector))];
    case "Check":
      return ["check", value(node.condition), JSON.stringify(node.message)];
    case "Return":
    case "Yield":
      return [lower(node), ...node.values.map(value)];
    case "If": {
      const branches = node.branches.map((one): Form => [
        "when",
        value(one.condition),
        block(one.block),
      ]);
      const last: Form[] = node.otherwise === undefined ? [] : [["else", block(node.otherwise)]];
      return ["if", ...branches, ...last];
    }
    case "For":
      return ["for", node.name, value(node.values), block(node.block)];
    case "Function":
      return functionForm(node);
    case "SkippedStatement":
      return ["skipped", ...node.names];
  }
}

function lower(node: { readonly kind: string }): string {
  return node.kind.toLowerCase();
}

function optional(node: ast.Expression | undefined): Form[] {
  return node === undefined ? [] : [value(node)];
}

function origin(node: ast.InputStatement | ast.TargetStatement): Form[] {
  const forms: Form[] = [];
  if (node.missing !== undefined) forms.push(["missing", value(node.missing)]);
  if (node.distribution !== undefined) forms.push(["~", value(node.distribution)]);
  if (node.kind === "Target" && node.value !== undefined) forms.push(["=", value(node.value)]);
  return forms;
}

function selector(node: ast.Selector | undefined): Form | undefined {
  if (node === undefined) return undefined;
  return ["on", ...node.items.map((item) => item.path.map(plain).join("."))];
}

function line(node: ast.TrainLine | ast.SearchLine): Form {
  switch (node.kind) {
    case "OptimizerLine":
      return ["optimizer", value(node.algorithm), ...maybe(selector(node.selector))];
    case "StartLine":
      return ["start", ...maybe(selector(node.selector)), JSON.stringify(node.path)];
    case "FreezeLine":
      return ["freeze", ...maybe(selector(node.selector))];
    case "MinimizeLine": {
      const algorithm: Form[] =
        node.algorithm === undefined ? [] : [["with", value(node.algorithm)]];
      const repeat: Form[] = node.repeat === undefined ? [] : [["repeat", value(node.repeat)]];
      const on = maybe(selector(node.selector));
      return ["minimize", ...node.losses.map(plain), ...on, ...algorithm, ...repeat];
    }
    case "MonitorLine":
      return ["monitor", ...node.names.map(plain)];
    case "StopEarlyLine":
      return ["stop_early", ...node.arguments.map(argument)];
    case "SettingLine":
      return ["set", node.name, value(node.value)];
    case "CandidateLine":
      return ["~", node.name, value(node.distribution)];
    case "StrategyLine":
      return ["strategy", node.strategy.name];
    case "SearchObjectiveLine":
      return [node.sense, value(node.value)];
    case "SkippedLine":
      return ["skipped"];
  }
}

function argument(node: ast.Argument): Form {
  return node.name === undefined ? value(node.value) : [`${node.name}:`, value(node.value)];
}

function value(node: ast.Expression): Form {
  switch (node.kind) {
    case "Name":
      return node.name;
    case "Integer":
    case "Float":
      return node.text;
    case "String":
      return JSON.stringify(node.value);
    case "Boolean":
      return String(node.value);
    case "List":
      return ["list", ...node.elements.map(element)];
    case "Unary":
      return [node.operator === "-" ? "neg" : "not", value(node.operand)];
    case "Binary":
      return [node.operator, value(node.left), value(node.right)];
    case "Conditional":
      return ["choose", value(node.condition), value(node.whenTrue), value(node.whenFalse)];
    case "Call":
      return ["call", value(node.callee), ...node.arguments.map(argument)];
    case "Index":
      return ["index", value(node.object), ...node.items.map(indexItem)];
    case "Member":
      return [".", value(node.object), node.name];
    case "Everything":
      return [...node.path.map(plain), "*"].join(".");
    case "Pipeline":
      return ["pipe", value(node.input), ...node.stages.map(stage)];
    case "Scan":
      return scan(node);
  }
}

function element(node: ast.ListElement): Form {
  return node.kind === "Spread" ? ["...", value(node.value)] : value(node);
}

function indexItem(node: ast.IndexItem): Form {
  switch (node.kind) {
    case "Position":
      return value(node.value);
    case "Ellipsis":
      return "...";
    case "NewAxis":
      return "new";
    case "Slice": {
      const part = (one: ast.Expression | undefined): Form =>
        one === undefined ? "_" : value(one);
      const step = node.step === undefined ? [] : [value(node.step)];
      return [":", part(node.start), part(node.stop), ...step];
    }
  }
}

function stage(node: ast.PipelineStage): Form {
  const callee = value(node.callee);
  if (!node.called) return ["to", callee];
  return ["into", callee, ...node.arguments.map(argument)];
}

function scan(node: ast.ScanExpression): Form {
  const along: Form[] = node.along === undefined ? [] : [["along", value(node.along)]];
  const reverse: Form[] = node.reverse === undefined ? [] : [["reverse", value(node.reverse)]];
  const names: Form = ["names", ...node.names.map(plain)];
  const sources: Form = ["in", ...node.sources.map(value)];
  return ["scan", names, sources, ...along, ...reverse, block(node.block)];
}
