#!/usr/bin/env node
// In: the process's arguments; out: its exit code.
import { readFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { writeErrorOf } from "./data/atomic.js";
import { errorCode } from "./data/system.js";
import { reportFailure } from "./failure.js";
import { runProgram } from "./program.js";
import { processTerminal } from "./terminal.js";

/** Newer Node.js keeps compiled code between runs; what main.ts itself imports is compiled before. */
function keepCompiledCode(): void {
  const { enableCompileCache } = nodeModule as { readonly enableCompileCache?: () => void };
  enableCompileCache?.();
}

const terminal = processTerminal();

function packageVersion(): string {
  // From build/command/ in a package and a checkout alike, package.json lies two folders up.
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** A reader that has gone away (`nnc … | head`) is no fault of anyone's; a full disk is the machine's. */
function endWithoutStdout(error: unknown): never {
  if (errorCode(error) === "EPIPE") process.exit(0);
  process.exit(reportFailure(writeErrorOf("stdout", error), terminal, false));
}

process.stdout.on("error", endWithoutStdout);
/** Whoever read the progress has gone (a closed terminal, `2>&1 | head`): the work goes on without a word. */
process.stderr.on("error", () => undefined);

keepCompiledCode();

/** What is thrown where nothing waits for it: a driver that fails late, a fault of ours. */
process.on("uncaughtException", (error) => {
  process.exit(reportFailure(error, terminal, false));
});

const code = await runProgram(process.argv.slice(2), { terminal, version: packageVersion() });
// A GPU's threads would keep the process alive; what was written is flushed first.
process.stdout.write("", (error) => {
  if (error) endWithoutStdout(error);
  process.stderr.write("", () => process.exit(code));
});
