// In: `nnc gradcheck FILE`; out: derivatives against central differences, and exit code 1 where one is wrong.
import type { Command } from "commander";
import { Reported } from "../failure.js";
import { tableText } from "../numbers.js";
import { addDataOptions, jsonOption, modelOption, rootOption, setOption } from "../options.js";
import type { GradcheckOptions } from "../gradcheck/options.js";
import type { Terminal } from "../terminal.js";
import type { CheckResult } from "../gradcheck/run.js";

const verdictTexts = {
  ok: "ok",
  wrong: "WRONG",
  unchecked: "unchecked",
  "not finite": "not finite",
} as const;

function resultText({ ok, parameters, unchecked, notFinite }: CheckResult): string {
  if (parameters.length === 0)
    return "there is nothing to check: a loss that depends on a weight is wanted\n";
  const rows = parameters.map(
    ({ model, objective, name, comparisons, error, kinks, undecided, verdict }) => [
      model,
      objective,
      name,
      String(comparisons),
      comparisons === 0 ? "" : error.toExponential(1),
      kinks === 0 ? "" : String(kinks),
      undecided === 0 ? "" : String(undecided),
      verdictTexts[verdict],
    ],
  );
  const head = [
    "model",
    "objective",
    "parameter",
    "comparisons",
    "error",
    "kinks",
    "undecided",
    "",
  ];
  const lines = [tableText([head, ...rows], 3)];
  if (notFinite.length > 0)
    lines.push(
      `not finite at the drawn point, so that nothing could be compared: ${notFinite.join(", ")}`,
      "  = give data of the kind that the model wants: --data NAME=PATH",
    );
  for (const { model, name, infinite } of parameters)
    if (infinite > 0)
      lines.push(
        `${model} ${name}: the derivative is infinite or NaN in ${infinite} ${infinite === 1 ? "entry" : "entries"} at the drawn point, where differences have nothing to be compared with`,
      );
  for (const { model, name, outside, verdict } of parameters)
    if (verdict === "unchecked" && outside > 0)
      lines.push(
        `${model} ${name}: ${outside} ${outside === 1 ? "logarithm is" : "logarithms are"} of a negative number at the drawn point, where the value is held and the derivative goes on as 1 / x: differences say nothing of it`,
      );
  if (unchecked.length > 0)
    lines.push(
      `unchecked (time, rounding, kinks or differences that do not settle stood in the way): ${unchecked.join(", ")}`,
    );
  if (!ok && unchecked.length === parameters.length)
    lines.push("nothing was compared, so nothing is said to be right");
  return `${lines.join("\n")}\n`;
}

async function runGradcheck(
  file: string,
  options: GradcheckOptions,
  terminal: Terminal,
): Promise<void> {
  const { checkGradients } = await import("../gradcheck/run.js");
  const result = await checkGradients(file, options, terminal);
  terminal.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : resultText(result));
  if (!result.ok) throw new Reported(1);
}

export function addGradcheck(program: Command, terminal: Terminal): void {
  addDataOptions(
    program
      .command("gradcheck")
      .summary("derivatives against central differences")
      .description(
        "Compares the derivatives of every objective with central differences in double precision.",
      )
      .argument("<file>", "a .nn file"),
  )
    .addOption(modelOption())
    .addOption(setOption())
    .addOption(rootOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  nnc gradcheck own_parts.nn --json")
    .action((file: string, options: GradcheckOptions) => runGradcheck(file, options, terminal));
}
