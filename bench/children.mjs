// A script of this folder and its arguments in; what it reports on its last line out, from a process of its own.

import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));

/** `{ error }` where it gave nothing within `timeout` seconds. */
export function runChild(script, options, { timeout, environment = {} }) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(folder, script), ...options], {
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, ...environment },
    });
    let output = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, timeout * 1000);
    child.stdout.on("data", (text) => {
      output += text;
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const ended = late ? `not done within ${timeout} s` : `it ended with ${code ?? signal}`;
      resolve(readReport(output) ?? { error: ended });
    });
  });
}

function readReport(output) {
  try {
    return JSON.parse(output.trim().split("\n").at(-1));
  } catch {
    return undefined;
  }
}
