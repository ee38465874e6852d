// Runs that pause between their steps in; what came of each, computed in the order of the calls, out.

import type { Values } from "./backend.js";
import { fail, noMemory } from "./errors.js";
import { takeTurns } from "./events.js";
import { patience } from "./slices.js";

/** A run that may pause between its kernels and in them, and what came of it. */
export interface Task {
  readonly steps: Iterator<unknown, Values[]>;
  outcome?: Outcome;
}

type Outcome = { readonly values: Values[] } | { readonly error: unknown };

/** Throws what went wrong. */
export function valuesOf(outcome: Outcome): Values[] {
  if ("error" in outcome) throw outcome.error;
  return outcome.values;
}

export interface TaskQueue {
  /** Puts a run behind those that wait. */
  add(steps: Task["steps"]): Task;
  /** Computes what waits until a time, at least one step. */
  advance(until: number): void;
  /** What reads or changes memory waits for the runs before it, and none of them sees it. */
  finish(): void;
  /** Computes all that waits up to a run, with turns for events in between. */
  complete(task: Task): Promise<Values[]>;
  /** Throws from now on where anything is asked for. */
  close(): void;
}

export function createTaskQueue(): TaskQueue {
  const waiting: Task[] = [];
  let open = true;
  const checkOpen = (): void => {
    if (!open) fail("destroyed", "this net was destroyed");
  };
  const advance = (until: number): void => {
    advanceTasks(waiting, until);
  };
  return {
    add: (steps) => {
      checkOpen();
      const task: Task = { steps };
      waiting.push(task);
      return task;
    },
    advance,
    finish: () => {
      checkOpen();
      advance(Infinity);
    },
    complete: async (task) => {
      for (;;) {
        checkOpen();
        advance(performance.now() + patience);
        if (task.outcome) return valuesOf(task.outcome);
        await takeTurns();
      }
    },
    close: () => {
      open = false;
      // What is cut off in the middle would hold its memory.
      for (const { steps } of waiting) steps.return?.();
      waiting.length = 0;
    },
  };
}

function advanceTasks(waiting: Task[], until: number): void {
  for (let task = waiting[0]; task; task = waiting[0]) {
    try {
      let step = task.steps.next();
      while (!step.done && performance.now() < until) step = task.steps.next();
      if (!step.done) return;
      task.outcome = { values: step.value };
    } catch (error) {
      // Copies of results take memory too; a stack that is full is no want of it.
      const wants = error instanceof RangeError && !/call stack/i.test(error.message);
      task.outcome = { error: wants ? noMemory("the results") : error };
    }
    waiting.shift();
  }
}
