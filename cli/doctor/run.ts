// In: a file and the options of `nnc doctor`; out: what was measured in short runs, and what is to be changed before a long one.
import type { TypedModel } from "../../compiler/types/model.js";
import { analyzeFile } from "../compiling.js";
import { toJson } from "../../grammar/render.js";
import { printDiagnostics } from "../diagnostics.js";
import { DiagnosticsFailure, Failure } from "../failure.js";
import { openNetwork } from "../session.js";
import type { Terminal } from "../terminal.js";
import { bindTrainingData } from "../training/prepare.js";
import type { Finding, Measured } from "./finding.js";
import { findingsOf, measuredOf } from "./findings.js";
import { measure } from "./measure.js";
import type { DoctorOptions } from "./options.js";
import { probed } from "./probes.js";

export interface DoctorResult {
  readonly model: string;
  readonly stage: string;
  readonly findings: readonly Finding[];
  readonly measured: readonly Measured[];
}

async function chooseTrained(
  file: string,
  options: DoctorOptions,
  terminal: Terminal,
): Promise<TypedModel> {
  const models = await analyzeFile(file, options, terminal);
  const { loweringProblems } = await import("../../compiler/compile.js");
  const problems = models.flatMap((typed) => loweringProblems(typed));
  if (problems.length > 0) {
    await printDiagnostics(problems, terminal);
    throw new DiagnosticsFailure(problems.map(toJson));
  }
  const trained = models.filter(({ stages }) => stages.length > 0);
  const [only, ...others] = trained;
  if (only === undefined)
    throw new Failure(1, "no-train", "no model of it is trained, so there is nothing to try", {
      file,
      hint: "write how behind the model: `train NAME { optimizer adam(lr: 1e-3)  epochs 10 }`",
    });
  if (others.length > 0)
    throw new Failure(2, "model", "the file has several models", {
      file,
      hint: `say which: --model ${trained.map(({ name }) => name).join(" | ")}`,
    });
  return only;
}

export async function examine(
  file: string,
  options: DoctorOptions,
  terminal: Terminal,
): Promise<DoctorResult> {
  const { typed, probes } = probed(await chooseTrained(file, options, terminal));
  const [{ compileEntry }, { cpuModuleText }] = await Promise.all([
    import("../../compiler/compile.js"),
    import("../../compiler/emit/plan.js"),
  ]);
  const { plan, planned } = compileEntry(typed, "training");
  const model = { plan, cpu: cpuModuleText(planned.kernels, "f32") };
  const wanted = options.stage ?? plan.stages[0]?.name;
  const stage = plan.stages.find(({ name }) => name === wanted);
  if (stage === undefined)
    throw new Failure(2, "stage", `there is no stage "${wanted ?? ""}"`, {
      file,
      hint: `its stages: ${plan.stages.map((one) => one.name).join(", ")}`,
    });
  const data = await bindTrainingData({ model, stages: [stage] }, options);
  const seed = options.seed ?? stage.seed;
  let quiet = false;
  const open = async (): ReturnType<typeof openNetwork> => {
    const { backend, threads } = options;
    const net = await openNetwork(model, { backend, threads, source: file, seed, quiet }, terminal);
    quiet = true;
    return net;
  };
  const targets = plan.inputs.flatMap(({ name, role }) => (role === "target" ? [name] : []));
  const weights = plan.parameters.flatMap(({ name, role }) =>
    role === "weight" || role === "param" ? [name] : [],
  );
  const measurements = await measure(
    {
      open,
      stage,
      probes,
      targets: new Set(targets.filter((name) => data.arrays.has(name))),
      weights,
      data,
      seed,
    },
    (what) => {
      terminal.note(what);
    },
  );
  return {
    model: typed.name,
    stage: stage.name,
    findings: findingsOf(measurements),
    measured: measuredOf(measurements),
  };
}
