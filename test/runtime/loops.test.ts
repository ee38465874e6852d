// Loops over dispatches in; the order in which these run, and what each is given, out.

import { expect, it } from "vitest";
import { givenIn, inTurns } from "../../runtime/loops.js";
import type { PlanDispatch, PlanLoop } from "../../runtime/plan.js";
import { createTurns, packTurns } from "../../runtime/webgpuTurns.js";

const dispatch = (given: PlanDispatch["given"] = []): PlanDispatch => ({
  ...{ kernel: 0, buffers: [], workgroups: 1, flops: 0, given },
});

function order(count: number, loops: readonly PlanLoop[], time = 2, onGpu = false): string {
  const dispatches = Array.from({ length: count }, () => dispatch());
  const found: string[] = [];
  for (const { dispatch: at, turns } of inTurns({ dispatches, loops }, { time }, onGpu))
    found.push(`${at}:${turns.join("")}`);
  return found.join(" ");
}

it("runs each dispatch once where there is no loop", () => {
  expect(order(3, [])).toBe("0: 1: 2:");
});

it("runs loops turn by turn, backwards where they are, and those within in each turn", () => {
  expect(order(4, [[1, 2, "time", false]])).toBe("0:0 1:0 2:0 1:1 2:1 3:1");
  expect(order(2, [[0, 1, 3, true]])).toBe("0:2 0:1 0:0 1:0");
  const nested: PlanLoop[] = [
    [0, 3, 2, false],
    [1, 1, "time", true],
  ];
  expect(order(4, nested)).toBe("0:00 1:01 1:00 2:00 0:10 1:11 1:10 2:10 3:10");
});

it("runs loops that begin together, that follow each other, and that have no turn", () => {
  const together: PlanLoop[] = [
    [0, 2, 2, false],
    [0, 1, 2, false],
    [2, 1, 1, false],
  ];
  expect(order(3, together)).toBe("0:000 0:010 1:010 0:100 0:110 1:110 2:110");
  expect(order(2, [[0, 1, "time", false]], 0)).toBe("1:0");
});

it("leaves turns to a kernel that does them all, where a GPU runs it", () => {
  const loops: PlanLoop[] = [
    [0, 3, 2, false],
    [1, 1, "time", true, true],
  ];
  expect(order(4, loops)).toBe("0:00 1:01 1:00 2:00 0:10 1:11 1:10 2:10 3:10");
  expect(order(4, loops, 2, true)).toBe("0:00 1:00 2:00 0:10 1:10 2:10 3:10");
});

it("gives each dispatch its numbers and those of its turns, at places where a device may bind them", () => {
  expect(givenIn([7, ["turn", 1], ["turn", 0]], [4, 5])).toEqual([7, 5, 4]);
  const dispatches = [dispatch([3]), dispatch([9, ["turn", 0]])];
  const program = { dispatches, loops: [[1, 1, "time", true] as const] };
  const { words, places } = packTurns(program as never, { time: 2 });
  expect(places).toEqual([0, 256, 512]);
  expect(places.map((place) => [...words.slice(place / 4, place / 4 + 2)])).toEqual([
    [3, 0],
    [9, 1],
    [9, 0],
  ]);
});

it("lays the numbers of turns out anew where a loop has become another length, and not where it has not", () => {
  const program = {
    dispatches: [dispatch([["turn", 0]]), dispatch([5, ["turn", 1]])],
    loops: [
      [0, 2, 2, false],
      [1, 1, "time", false],
    ],
  };
  const turns = createTurns({ programs: [program] } as never);
  const short = turns?.at(0, { time: 3, batch: 1 });
  expect(short?.places.length).toBe(8);
  expect(turns?.at(0, { time: 3, batch: 2 })).toBe(short);
  const long = turns?.at(0, { time: 7, batch: 2 });
  expect(long?.places.length).toBe(16);
  expect(long).toEqual({ ...long, ...packTurns(program as never, { time: 7 }) });
  expect(turns?.latest(0)).toBe(long);
  expect(turns?.at(0, { time: 3 })).toEqual(short);
});
