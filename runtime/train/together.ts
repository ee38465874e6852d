// Runs that nobody reads in; where a submission would take next to no time, several of them in one, out.

import { isSetRows, type GivenInput, type ProgramRun, type Values } from "../backend.js";
import type { Dimensions } from "../dimensions.js";
import { asNnError, at } from "../errors.js";
import { isGpuBuffer } from "../tensors.js";
import {
  encode,
  encodeRun,
  givenInputs,
  inputBuffer,
  type GpuContext,
  type WriteWords,
} from "../webgpu.js";
import { ignore } from "../webgpuFaults.js";
import { usages, type Room } from "../webgpuMemory.js";

/** Milliseconds of runs that share a submission, and how many they are at most: what follows them waits no longer. */
const shared = 4;
const most = 16;
/** Bytes of the numbers that they are given, which lie side by side until each is copied to where its kernels read. */
const roomForWords = 65_536;

/** A run that waits, and who is told how its submission went. */
interface Waiting {
  readonly run: ProgramRun;
  readonly after: (encoder: GPUCommandEncoder, room: Room) => void;
  readonly told: (checked: Promise<void>) => unknown;
}

export interface Together {
  /** Runs of a submission at present. */
  readonly size: () => number;
  /** Takes a run into the next submission; false where it goes by itself, all before it being submitted. */
  readonly join: (waiting: Waiting) => boolean;
  /** Tells of a run that went by itself. */
  readonly passed: () => void;
  /** Submits what waits: before anything else is. Otherwise it goes with the next turn of events. */
  readonly flush: () => void;
}

export function createTogether(context: GpuContext): Together {
  const { plan, device, faults, memory } = context;
  const pace = createPace();
  let waiting: Waiting[] = [];
  let bytes = 0;
  let words: GPUBuffer | undefined;
  let asked = false;

  /** Where there is no room for them, each run goes by itself. */
  const makeRoom = (): void => {
    if (asked) return;
    asked = true;
    const { value, checked } = faults.scoped("words of runs", () =>
      memory.create(roomForWords, "words of runs", usages.data),
    );
    checked.then(
      () => (words = value),
      () => {
        memory.free(value);
      },
    );
  };
  const submit = (runs: readonly Waiting[], source: GPUBuffer): Promise<void> => {
    faults.check();
    const all = new Uint8Array(bytes);
    let length = 0;
    const write =
      (encoder: GPUCommandEncoder): WriteWords =>
      (target, { buffer, byteOffset, byteLength }) => {
        all.set(new Uint8Array(buffer, byteOffset, byteLength), length);
        encoder.copyBufferToBuffer(source, length, target, 0, byteLength);
        length += byteLength;
      };
    const first = at(runs, 0).run.program;
    return faults.scoped(`the commands of ${at(plan.programs, first).name}`, () => {
      encode(device, (encoder) => {
        for (const { run, after } of runs) {
          for (const [name, given] of givenInputs(context, run))
            if (isNumbers(given)) write(encoder)(inputBuffer(context, name, nothing), given);
          encodeRun(context, run, encoder, nothing, write(encoder));
          after(encoder, nothing);
        }
        device.queue.writeBuffer(source, 0, all, 0, length);
      });
    }).checked;
  };
  const flush = (): void => {
    if (waiting.length === 0 || !words) return;
    const runs = waiting;
    let checked;
    try {
      checked = submit(runs, words);
    } catch (error) {
      checked = Promise.reject(asNnError(error, "its commands"));
      checked.catch(ignore);
    }
    waiting = [];
    bytes = 0;
    for (const { told } of runs) told(checked);
    pace.passed(runs.length);
  };
  /** Whether little of it has to be brought to the device, and no buffer made or moved. */
  const mayWait = (run: ProgramRun): boolean => {
    if (givenInputs(context, run).some(([, given]) => isGpuBuffer(given))) return false;
    if (bytes + bytesOf(run) > roomForWords) return false;
    const [before] = waiting;
    if (before && !isSame(before.run.dimensions, run.dimensions)) return false;
    const room = new Map<string | number, GPUBuffer>();
    try {
      memory.reserve(programsOf(run), run.dimensions, room);
      return room.size === 0;
    } catch {
      // It is refused where it goes by itself.
      return false;
    } finally {
      memory.settle(room, false);
    }
  };
  return {
    size: pace.size,
    flush,
    passed: () => {
      pace.passed(1);
    },
    join: (one) => {
      if (pace.size() > 1) makeRoom();
      if (pace.size() === 1 || !words || !mayWait(one.run)) {
        flush();
        return false;
      }
      // What a caller gave is the caller's to change.
      const inputs = new Map(
        givenInputs(context, one.run).map(([name, given]): [string, GivenInput] => [
          name,
          isNumbers(given) ? given.slice() : given,
        ]),
      );
      if (waiting.push({ ...one, run: { ...one.run, inputs } }) === 1) setTimeout(flush);
      bytes += bytesOf(one.run);
      if (waiting.length >= pace.size()) flush();
      return true;
    },
  };
}

const nothing: Room = new Map();

function programsOf({ program, draws }: ProgramRun): number[] {
  return [...draws.map(({ run }) => run.program), program];
}

function bytesOf({ words, inputs, draws }: ProgramRun): number {
  let bytes = words.byteLength;
  for (const given of inputs.values()) {
    if (isSetRows(given)) bytes += 4 * (given.rows.length + 2);
    else if (isNumbers(given)) bytes += given.byteLength;
  }
  return draws.reduce((sum, { run }) => sum + bytesOf(run), bytes);
}

function isNumbers(given: GivenInput): given is Values {
  return ArrayBuffer.isView(given);
}

function isSame(left: Dimensions, right: Dimensions): boolean {
  const names = Object.keys(right);
  return (
    names.length === Object.keys(left).length && names.every((name) => left[name] === right[name])
  );
}

/** How many runs make a submission: as many as take some milliseconds, by the time that the latest took. */
export function createPace(now = () => performance.now()): {
  readonly size: () => number;
  readonly passed: (runs: number) => void;
} {
  let size = 1;
  let before = now();
  return {
    size: () => size,
    passed: (runs) => {
      const time = now();
      const fitting = Math.floor((shared * runs) / Math.max(time - before, 1e-3));
      size = Math.max(1, Math.min(most, 2 * size, fitting));
      before = time;
    },
  };
}
