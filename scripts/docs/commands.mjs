// A page of the guide in; what its commands print now, in the place of what the page says they do, out.

import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fencesOf } from "./fences.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A line of this alone stands for lines that a page leaves out. */
const leftOut = "…";

/**
 * The page with the output of each `$ command` of its `console` blocks as it is now. Named blocks are the files that commands find;
 * they run one after the other in a folder of their own. Where a page leaves lines out, as many stand before and behind as did.
 */
export function withOutputs(page) {
  const folder = mkdtempSync(join(tmpdir(), "nnc-guide-"));
  try {
    const path = commandPath(folder);
    let text = page;
    let moved = 0;
    for (const block of fencesOf(page)) {
      if (block.name !== undefined) {
        mkdirSync(dirname(join(folder, block.name)), { recursive: true });
        writeFileSync(join(folder, block.name), block.text);
      }
      if (block.language !== "console") continue;
      const now = commandsOf(block.text)
        .map(({ command, output }) => {
          const lines = alike(run(command, folder, path), output);
          return [`$ ${command}`, ...lines].map((line) => `${line}\n`).join("");
        })
        .join("");
      text = text.slice(0, block.start + moved) + now + text.slice(block.end + moved);
      moved += now.length - block.text.length;
    }
    return text;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `$ command`, which a backslash at its end continues, and the lines below it. */
function commandsOf(text) {
  const found = [];
  for (const line of text.trimEnd().split("\n")) {
    const last = found.at(-1);
    if (line.startsWith("$ ")) found.push({ command: line.slice(2), output: [] });
    else if (last === undefined) throw new Error(`no command is above "${line}"`);
    else if (last.output.length === 0 && last.command.endsWith("\\")) last.command += `\n${line}`;
    else last.output.push(line);
  }
  return found;
}

/** A folder in which `nnc` is this checkout's, and computes on the CPU, whose numbers are the same on any machine. */
function commandPath(folder) {
  const bin = join(folder, ".bin");
  mkdirSync(bin);
  const main = join(root, "build/command/main.js");
  const onCpu = `case "$1" in train|evaluate|predict|search) set -- "$@" --backend cpu;; esac`;
  writeFileSync(
    join(bin, "nnc"),
    `#!/bin/sh\n${onCpu}\nexec "${process.execPath}" "${main}" "$@"\n`,
  );
  chmodSync(join(bin, "nnc"), 0o755);
  return bin;
}

function run(command, folder, path) {
  const { status, stdout, error } = spawnSync("bash", ["-c", `{ ${command}\n} 2>&1`], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: `${path}${delimiter}${process.env.PATH}`, NO_COLOR: "1" },
  });
  if (error) throw error;
  // A command that fails may be what a page is about, one that does not exist never is.
  if (status === 127) throw new Error(`bash does not know a command of: ${command}`);
  return steady(stdout);
}

/** What is the same on any machine: neither speed, time and progress nor the backend. */
function steady(text) {
  return text
    .split("\n")
    .filter((line) => !/^backend: |^\w+: (?:compiling|comparing) /.test(line))
    .map((line) => line.replace(/\s+(?:[\d.,]+ examples\/s.*|time|\d+:\d\d)$/, "").trimEnd())
    .join("\n")
    .trimEnd()
    .split("\n");
}

/** The lines that stand now where the page has these, some of them perhaps left out. */
function alike(now, before) {
  const at = before.indexOf(leftOut);
  if (at < 0) return now.length === 1 && now[0] === "" ? [] : now;
  const behind = before.length - at - 1;
  if (now.length <= at + behind) return now;
  return [...now.slice(0, at), leftOut, ...now.slice(now.length - behind)];
}
