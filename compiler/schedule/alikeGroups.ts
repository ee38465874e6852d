// Takes groups of parts, gives the nests that they become: one that is like another before it takes that one's, over its own buffers.
import type { LoopNest } from "../types/nest.js";
import { createGroupTexts, shapeOfGroup } from "./groupShape.js";
import type { GroupShape } from "./groupShape.js";
import { makeNest, sourcesOf } from "./nests.js";
import type { NestProblem } from "./nests.js";
import type { FusionGroup } from "./order.js";
import type { ArgumentSource, LevelOutside, OwnNest } from "./outside.js";

export type NestMaker = (
  group: FusionGroup,
  name: string,
  outside: LevelOutside,
) => OwnNest | NestProblem;

/** Remembers what it made: blocks of a deep model are alike, and so are attempts to schedule it, and its programs. */
export function createNestMaker(): NestMaker {
  const known = new Map<string, Pattern>();
  const texts = createGroupTexts();
  return (group, name, outside) => {
    const shape = shapeOfGroup(group, outside, texts);
    const pattern = known.get(shape.key);
    if (pattern) return fromPattern(pattern, shape, { name, ...sourcesOf(group.parts, outside) });
    const made = makeNest(group, name, outside);
    if (!("kind" in made)) known.set(shape.key, patternOf(made, shape));
    return made;
  };
}

/** A nest, and by position where what it takes from outside stands in the lists of its group. */
interface Pattern {
  readonly made: OwnNest;
  readonly buffers: readonly number[];
  readonly host: readonly number[];
  /** Of its arguments; turns are the same in all that are alike. */
  readonly given: readonly (number | undefined)[];
}

function patternOf(made: OwnNest, shape: GroupShape): Pattern {
  const buffers = made.buffers.map(shape.bufferOf);
  const host = made.host.map(shape.hostOf);
  const given = made.given.map(({ value, buffer }) => {
    if (typeof value !== "number") return undefined;
    return buffer === undefined
      ? shape.streamOf(value)
      : shape.offsetOf(buffers[buffer] ?? 0, value);
  });
  return { made, buffers, host, given };
}

function fromPattern(
  { made, ...pattern }: Pattern,
  shape: GroupShape,
  own: Pick<LoopNest, "name" | "origins" | "computed">,
): OwnNest {
  const at = <T>(list: readonly T[], position: number): T => {
    const found = list[position];
    if (found === undefined) throw new Error(`${own.name} is not like ${made.nest.name}`);
    return found;
  };
  const given = made.given.map((argument, position): ArgumentSource => {
    const number = pattern.given[position];
    return number === undefined ? argument : { ...argument, value: at(shape.numbers, number) };
  });
  return {
    nest: { ...made.nest, ...own, arguments: given.map(({ value }) => value) },
    buffers: pattern.buffers.map((position) => at(shape.buffers, position)),
    host: pattern.host.map((position) => at(shape.host, position)),
    ...{ given, measured: made.measured },
  };
}
