// Takes functions as they are wanted, gives the list of a module: each once, what it calls before it.
import { laneCount } from "../../kernel/ir.js";
import type { MachineFunction, MachineValue, ValueType } from "../../scalars/machine.js";
import type { FunctionCode } from "./encoder.js";
import type { FunctionIndex } from "./machine.js";
import { createBody, createMachine, extractLane, replaceLane, spread } from "./machine.js";

export interface Functions {
  readonly list: readonly FunctionCode[];
  add(code: FunctionCode): number;
  readonly indexOf: FunctionIndex;
}

export function createFunctions(): Functions {
  const list: FunctionCode[] = [];
  const known = new Map<string, number>();
  const add = (code: FunctionCode): number => list.push(code) - 1;
  const indexOf: FunctionIndex = (callee, wide) => {
    const key = `${callee.name} ${wide}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const written =
      wide && callee.single ? inLanes(callee, indexOf) : writtenOnce(callee, wide, indexOf);
    const at = add(written);
    known.set(key, at);
    return at;
  };
  return { list, add, indexOf };
}

function writtenOnce(callee: MachineFunction, wide: boolean, indexOf: FunctionIndex): FunctionCode {
  const takes = wide ? vectorTypes(callee) : callee.takes;
  const body = createBody(takes);
  const result = callee.write(createMachine(body, wide, indexOf), ...body.parameters);
  body.emit(result.code);
  return { takes, gives: [result.type], locals: body.locals, code: body.code() };
}

function vectorTypes({ takes, vectorsFrom = 0 }: MachineFunction): readonly ValueType[] {
  return takes.map((type, at) => (at < vectorsFrom ? type : "v128"));
}

/** Calls the function of one value for each lane. */
function inLanes(callee: MachineFunction, indexOf: FunctionIndex): FunctionCode {
  const takes = vectorTypes(callee);
  const body = createBody(takes);
  const machine = createMachine(body, false, indexOf);
  const inLane = (lane: number): MachineValue =>
    machine.call(
      callee,
      ...body.parameters.map((value, at) =>
        value.type === "v128" ? extractLane(value, callee.takes[at] ?? "f32", lane) : value,
      ),
    );
  let result = spread(inLane(0));
  for (let lane = 1; lane < laneCount; lane++)
    result = replaceLane(result, callee.gives, lane, inLane(lane));
  return { takes, gives: ["v128"], locals: body.locals, code: [result.code] };
}
