// Takes compiled models and the runtime's types, gives the bundle's declarations: each model with its own names and shapes.
import { stepKinds } from "../../runtime/plan.js";
import type { Plan, PlanDim, PlanInput, PlanOutput, PlanType } from "../../runtime/plan.js";
import type { CompiledEntry, CompiledModel } from "../compile.js";
import { commentText } from "./expression.js";
import { isStreaming } from "./features.js";
import { exportOf, freeName } from "./names.js";

export interface DeclarationRequest {
  readonly models: readonly CompiledModel[];
  readonly entryOf: (model: CompiledModel) => CompiledEntry;
  readonly training: boolean;
  /** The types of runtime/api.ts, as text. */
  readonly api: string;
  /** Types come from "nnc/runtime" instead. */
  readonly external: boolean;
}

/** Of every error that a bundle throws; exported, unless a model bears its name. */
export const errorClass = "NnError";

const errorDeclaration = `
/** Every error that this module throws on purpose; \`code\` says which kind. */
export declare class ${errorClass} extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  constructor(code: ErrorCode, message: string, details?: Readonly<Record<string, unknown>>);
}
`;

const externalTypes =
  'import type { InferenceNet, Model, Streaming, TensorInput, TrainingLoadOptions, TrainingNet } from "nnc/runtime";\n';
const externalErrors = `export { ${errorClass}, type ErrorCode } from "nnc/runtime";\n`;

function headOf({ external, models, api }: DeclarationRequest): string {
  const taken = models.some(({ name }) => name === errorClass);
  if (external) return externalTypes + (taken ? "" : externalErrors);
  return api.replace(/^\/\/.*\n/, "") + (taken ? "" : errorDeclaration);
}

export function declarationsOf(request: DeclarationRequest): string {
  const head = headOf(request);
  const parts = request.models.map((model) => modelDeclarations(request, model));
  return [head, ...parts].join("\n");
}

function modelDeclarations(request: DeclarationRequest, model: CompiledModel): string {
  const { plan } = request.entryOf(model);
  const others = request.models.map((each) => each.name).filter((each) => each !== model.name);
  const name = (suffix: string): string => freeName(`${model.name}${suffix}`, request.api, others);
  const inputs = plan.inputs.filter((input) => input.role === "input");
  const everywhere = (input: PlanInput): boolean =>
    input.source === "given" && plan.outputs.every((output) => output.needs.includes(input.name));
  const trained = (input: PlanInput): boolean =>
    input.source === "given" && plan.stages.every((stage) => stage.inputs.includes(input.name));
  const types = [
    `inputs: ${name("Inputs")};`,
    `data: ${name(request.training ? "Data" : "Inputs")};`,
    `outputs: ${name("Outputs")};`,
    `parameters: ${union(plan.parameters.map((parameter) => parameter.name))};`,
    `losses: ${union(model.typed.inference.losses.map((loss) => loss.name))};`,
    `metrics: ${union(model.typed.inference.metrics.map((metric) => metric.name))};`,
    `wholeMetrics: ${union(wholeMetrics(plan))};`,
    `stages: ${union(plan.stages.map((stage) => stage.name))};`,
    `objectives: ${union(plan.stages.flatMap((stage) => stage.objectives.map((each) => each.name)))};`,
  ];
  const local = name("");
  const whole = `${request.training ? "TrainingNet" : "InferenceNet"}<${name("Types")}>`;
  const net = isStreaming(plan) ? `${whole} & Streaming<${name("Types")}>` : whole;
  const options = request.training ? ", TrainingLoadOptions" : "";
  return [
    record(
      name("Inputs"),
      inputs.map((input) => inputMember(input, !everywhere(input))),
    ),
    ...(request.training
      ? [
          record(
            name("Data"),
            plan.inputs.map((input) => inputMember(input, !trained(input))),
          ),
        ]
      : []),
    record(name("Outputs"), plan.outputs.map(outputMember)),
    record(
      name("Types"),
      types.map((line) => `readonly ${line}`),
    ),
    documentation(model.typed.doc),
    `declare const ${local}: Model<${net}${options}>;`,
    exportOf(local, model.name),
    "",
  ].join("\n");
}

/** Metrics of steps that are no means of entries. */
function wholeMetrics({ programs }: Plan): readonly string[] {
  return programs
    .filter(({ kind }) => stepKinds.includes(kind))
    .flatMap(({ results }) => results)
    .filter(({ name, entries }) => name.startsWith("metric.") && entries === undefined)
    .map(({ name }) => name.slice("metric.".length));
}

/** An alias fits the types of models whose names are not known; an interface, open to more members, would not. */
function record(name: string, members: readonly string[]): string {
  return `export type ${name} = {\n${members.join("\n")}\n};`;
}

function inputMember(input: PlanInput, optional: boolean): string {
  const element = input.categories === undefined ? input.type : `category(${input.categories})`;
  const doc = documentation(input.doc, `\`${element}${shapeText(input.shape)}\``);
  return `${doc}\nreadonly ${input.name}${optional ? "?" : ""}: TensorInput${optional ? " | undefined" : ""};`;
}

const arrays: Readonly<Record<PlanType, string>> = {
  f32: "Float32Array",
  i32: "Int32Array",
  u32: "Uint32Array",
  bool: "Uint8Array",
};

function outputMember(output: PlanOutput): string {
  const doc = documentation(output.doc, `\`${output.type}${shapeText(output.shape)}\``);
  return `${doc}\nreadonly ${output.name}: ${arrays[output.type]};`;
}

function shapeText(shape: readonly PlanDim[]): string {
  return `[${shape.map(dimText).join(", ")}]`;
}

function dimText(dim: PlanDim): string {
  if (typeof dim !== "object") return String(dim);
  const [op, ...parts] = dim;
  const texts = parts.map((part) =>
    typeof part === "object" ? `(${dimText(part)})` : dimText(part),
  );
  return texts.join(` ${op} `);
}

function union(names: readonly string[]): string {
  const unique = [...new Set(names)];
  return unique.length === 0 ? "never" : unique.map((name) => JSON.stringify(name)).join(" | ");
}

function documentation(...lines: readonly (string | undefined)[]): string {
  const texts = lines.flatMap((line) => line?.split("\n") ?? []).map(commentText);
  if (texts.length === 0) return "";
  return texts.length === 1
    ? `/** ${texts[0] ?? ""} */`
    : `/**\n${texts.map((text) => ` * ${text}`).join("\n")}\n */`;
}
