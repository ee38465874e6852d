// Programs with recurrences in; that their nests stand where their turns say, what they are for, and how long what outlives a turn lives, out.
import { describe, expect, it } from "vitest";
import { compile } from "../../compiler/compile.js";
import { purposesOf } from "../../cli/profile/purpose.js";
import { touchesOf } from "../../compiler/schedule/spans.js";
import { verifySchedule } from "../../compiler/schedule/verify.js";
import type { Schedule } from "../../compiler/types/nest.js";

const source = `
model Last {
  input x: [batch, 6, 3]
  target y: [batch]
  h = x |> gru(5)
  p = dense(h[:, -1], 1)[:, 0]
  output p
  loss (p - y) ^ 2
}
train Last { optimizer adam()  batch 8 }
`;

const [model] = compile(source).models;
const step = model?.training.schedules.find(({ name }) => name.startsWith("step"));
if (step === undefined) throw new Error("no step");
const inTurns = step.nests.filter(({ turns }) => turns);

describe("a schedule with recurrences", () => {
  it("goes forwards, and backwards for the derivative", () => {
    expect(verifySchedule(step)).toEqual([]);
    const directions = new Set(inTurns.flatMap(({ turns = [] }) => turns));
    expect([...directions].map(({ reverse }) => reverse)).toEqual([false, true]);
  });

  it("is refused where another nest stands among those of a loop", () => {
    const [first] = inTurns;
    const moved = step.nests.map((nest) => (nest === inTurns[1] ? { ...nest, turns: [] } : nest));
    const torn: Schedule = { ...step, nests: moved };
    expect(verifySchedule(torn).join("\n")).toContain(
      `stands among the nests of t${first?.turns?.[0]?.id ?? -1}`,
    );
  });

  it("is refused where a step runs nests of other turns side by side", () => {
    const merged: Schedule = {
      ...step,
      steps: [step.nests.length],
      buffers: step.buffers,
    };
    expect(verifySchedule(merged).join("\n")).toContain("in other turns");
  });

  it("keeps what outlives a turn as long as its loop runs", () => {
    const spans = touchesOf(step);
    const positions = (id: number): readonly number[] =>
      [...step.nests.keys()].filter((at) => step.nests[at]?.turns?.some((one) => one.id === id));
    const carried = step.buffers.flatMap((buffer, at) =>
      buffer.kind === "temporary" && buffer.recurrence && spans.has(at)
        ? [{ span: spans.get(at), inside: positions(buffer.recurrence.id) }]
        : [],
    );
    expect(carried.length).toBeGreaterThan(2);
    for (const { span, inside } of carried) {
      expect(span?.first).toBeLessThanOrEqual(Math.min(...inside));
      expect(span?.last).toBeGreaterThanOrEqual(Math.max(...inside));
    }
  });

  it("computes all that is elementwise in a turn at once, from what was made where it stands", () => {
    const text = source.replace("gru(5)", "lstm(5)");
    const schedules = compile(text).models.flatMap(({ training }) => training.schedules);
    const lstm = schedules.find(({ name }) => name.startsWith("step"));
    const stores = (lstm?.nests ?? []).flatMap((own) => (own.turns ? [own.stores.length] : []));
    // A product and the rest, forwards; the rest and a product, backwards: no value stands twice.
    expect(stores.length).toBeLessThanOrEqual(4);
    expect(Math.max(...stores)).toBeGreaterThanOrEqual(5);
  });

  it("does all turns in one dispatch where they are little, and a dispatch for each where they are heavy", () => {
    const inOneDispatch = (units: number): boolean[] => {
      const text = source.replace("gru(5)", `lstm(${units})`);
      const [model] = compile(text).models;
      const all = (model?.plan.programs ?? []).filter(({ kind }) => kind === "step");
      return all.flatMap(({ loops = [] }) => loops.map(([, , , , within]) => within === true));
    };
    expect(inOneDispatch(16)).toEqual([true, true]);
    expect(inOneDispatch(2048)).toEqual([false, false]);
  });

  it("has no nest that leads to nothing, by what one turn hands to the next", () => {
    expect(new Set(purposesOf(step).flat())).toEqual(new Set(["forward", "gradient", "update"]));
  });
});
