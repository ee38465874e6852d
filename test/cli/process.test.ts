// In: the built command as a process of its own; out: exit codes, streams, signals and the software adapter.
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { softwareEnvironment, softwareExpected } from "../../scripts/software.mjs";
import { temporaryFolder } from "./data/files.js";

const root = join(import.meta.dirname, "../..");
const command = join(root, "build/command/main.js");
const movies = join(root, "examples/programs/movies.nn");
const folder = temporaryFolder();
const table = folder.put("r.csv", "mary,john,liked\n1,2,0\n5,4,1\n4,4,1\n2,2,0\n3,5,1\n1,1,0\n");
const data = ["--data", `ratings=${table}:mary,john`, "--data", `liked=${table}:liked`];

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly notes: string;
}

/** Runs the command; `watch` sees all that stderr holds so far, and may send signals. */
function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  watch: (notes: string, signal: (name?: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [command, ...args], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let notes = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => {
      notes += chunk.toString();
      watch(notes, (name = "SIGINT") => child.kill(name));
    });
    child.on("close", (code) => {
      resolve({ code, out, notes });
    });
  });
}

describe("the command as a process", () => {
  test("is built: npm ci does it, and npm run build", () => {
    expect(existsSync(command)).toBe(true);
  });
  test("exit codes reach the shell; JSON is alone on stdout; no colour without a terminal", async () => {
    const good = await run(["check", movies, "--json"]);
    expect(good).toEqual({ code: 0, out: "[]\n", notes: "" });
    const wrong = folder.put("wrong.nn", "model A {\n  output y = nothing\n}\n");
    const bad = await run(["check", wrong, "--json"]);
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.out)).toHaveLength(1);
    expect(bad.notes).toContain("error[NN");
    expect(bad.notes).not.toContain("\u001b");
    expect((await run(["chekc"])).code).toBe(2);
    expect((await run([])).code).toBe(2);
  }, 30_000);
  test("threads are started on demand, and change no weight", async () => {
    const trained = async (threads: string): Promise<readonly [string, Buffer]> => {
      const file = join(folder.path, `${threads}.safetensors`);
      const asked = ["--backend", "cpu", "--threads", threads, "--epochs", "1", "-o", file];
      const { code, notes } = await run(["train", movies, ...data, ...asked]);
      expect(code).toBe(0);
      return [/backend: (.*) \(/.exec(notes)?.[1] ?? "", readFileSync(file)];
    };
    const [one, several] = [await trained("1"), await trained("3")];
    expect([one[0], several[0]]).toEqual(["the CPU", "the CPU, 3 threads"]);
    expect(several[1].equals(one[1])).toBe(true);
  }, 60_000);
  test.runIf(existsSync("/dev/full"))("a full disk behind stdout is the machine's fault", () => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [command, "check", movies, "--json"], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    closeSync(full);
    expect({ status, stderr }).toEqual({ status: 3, stderr: "error: stdout: the disk is full\n" });
  });
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)(
    "%s stops after the step, writes weights, says how to resume, and exits %i",
    async (name, code) => {
      const weights = join(folder.path, `${name}.safetensors`);
      const args = ["train", movies, ...data, "--backend", "cpu", "--epochs", "9000000"];
      let sent = false;
      const ended = await run([...args, "-o", weights], {}, (notes, signal) => {
        if (sent || !notes.includes("epoch 3/")) return;
        sent = true;
        signal(name);
      });
      expect(ended.code).toBe(code);
      expect(ended.notes).toContain(`wrote ${weights}`);
      expect(ended.notes).toContain("--resume");
      expect(readFileSync(weights).includes("nnc.training")).toBe(true);
    },
    60_000,
  );
  test("folds that are stopped print those that were finished, and exit as they were stopped", async () => {
    const args = ["train", movies, ...data, "--backend", "cpu", "--folds", "3", "--epochs"];
    const stopAt = async (epochs: string, mark: string): Promise<Ended> => {
      let sent = false;
      return run([...args, epochs], {}, (notes, signal) => {
        if (sent || !notes.includes(mark)) return;
        sent = true;
        signal();
      });
    };
    const first = await stopAt("9000000", "epoch 3/");
    expect(first).toMatchObject({ code: 130, out: "" });
    expect(first.notes).toContain("stopped: 0 of 3 folds were finished");
    const second = await stopAt("2000", "fold 2/3");
    expect(second.code).toBe(130);
    expect(second.out).toMatch(/^validation +fold 1 +mean/);
    expect(second.notes).toContain("stopped: 1 of 3 folds");
  }, 60_000);
  test("whoever reads the progress may go away: the weights are written all the same", async () => {
    const weights = join(folder.path, "unread.safetensors");
    const args = ["train", movies, ...data, "--backend", "cpu", "--epochs", "60", "-o", weights];
    const child = spawn(process.execPath, [command, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.destroy();
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code).toBe(0);
    expect(existsSync(weights)).toBe(true);
  }, 60_000);
  test.runIf(existsSync("/dev/full"))(
    "a full disk behind the log and the checkpoints ends no run, and is told at its end",
    async () => {
      const weights = join(folder.path, "full.safetensors");
      const checkpoints = join(folder.path, "checkpoints");
      mkdirSync(checkpoints);
      symlinkSync("/dev/full", join(checkpoints, "checkpoint.safetensors"));
      for (const extra of [
        ["--log", "/dev/full"],
        ["--checkpoint", checkpoints],
      ]) {
        rmSync(weights, { force: true });
        const args = ["train", movies, ...data, "--backend", "cpu", "--epochs", "3"];
        const ended = await run([...args, "-o", weights, ...extra]);
        expect(ended.code).toBe(3);
        expect(ended.notes).toContain("the disk is full; the run goes on without it");
        expect(ended.notes).toContain("epoch 3/3");
        expect(existsSync(weights)).toBe(true);
      }
    },
    60_000,
  );
  test("the line that tells the backend says why it was taken", async () => {
    const weights = join(folder.path, "auto.safetensors");
    const { code, notes } = await run(["train", movies, ...data, "--epochs", "2", "-o", weights]);
    expect(code).toBe(0);
    expect(notes).toMatch(/^backend: (the CPU|WebGPU) \(.+\)$/m);
  }, 60_000);
});

describe.skipIf(!softwareExpected)("on the software adapter", () => {
  const train = async (name: string, backend: string): Promise<Ended> =>
    run(
      [
        "train",
        movies,
        ...data,
        "--epochs",
        "3",
        "--backend",
        backend,
        "-o",
        join(folder.path, name),
      ],
      softwareEnvironment(),
    );
  test("WebGPU is used when asked for, and follows the CPU's losses", async () => {
    const gpu = await train("gpu.safetensors", "webgpu");
    const cpu = await train("cpu.safetensors", "cpu");
    expect(gpu.notes).toContain("backend: WebGPU");
    expect([gpu.code, cpu.code]).toEqual([0, 0]);
    const losses = ({ notes }: Ended): number[] =>
      [...notes.matchAll(/ loss (\S+)/g)].map(([, loss]) => Number(loss));
    expect(losses(gpu)).toHaveLength(3);
    losses(gpu).forEach((loss, at) => {
      expect(loss).toBeCloseTo(losses(cpu)[at] ?? NaN, 3);
    });
  }, 60_000);
  test("auto does not take it", async () => {
    const { notes } = await train("auto2.safetensors", "auto");
    expect(notes).toMatch(/backend: the CPU \(the WebGPU adapter \(.*\) is in software/);
  }, 60_000);
  test("the same seed gives the same weights, bit for bit", async () => {
    await train("first.safetensors", "webgpu");
    await train("second.safetensors", "webgpu");
    const read = (name: string): Buffer => readFileSync(join(folder.path, name));
    expect(read("first.safetensors").equals(read("second.safetensors"))).toBe(true);
  }, 60_000);
});
