// Calls, weights and draws come in, each with the place that asks; the name paths of instances, parameters and draw streams go out, the same in every trace.
import type { Span } from "../../../grammar/span.js";
import type { DrawPath, Frame, ModelState } from "../context.js";

function joinPath(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** The place that asks for a name, and how often it has asked in this execution of the body. */
function visit(frame: Frame, what: string, span: Span): string {
  const site = `${what}@${frame.unit.source.name}:${span.start}`;
  const seen = (frame.activation.occurrences.get(site) ?? 0) + 1;
  frame.activation.occurrences.set(site, seen);
  return `${site}#${seen}`;
}

/** The number of this asker among those of `series`, given once and kept for later traces. */
function ordinal(model: ModelState, series: string, asker: string): number {
  const key = `${series}|${asker}`;
  const known = model.ordinals.get(key);
  if (known !== undefined) return known;
  const next = (model.counts.get(series) ?? 0) + 1;
  model.counts.set(series, next);
  model.ordinals.set(key, next);
  return next;
}

/** Takes `path` for an asker; false where another one has it. */
function claim(model: ModelState, path: string, asker: string): boolean {
  const owner = model.claims.get(path);
  if (owner === undefined) model.claims.set(path, asker);
  return owner === undefined || owner === asker;
}

/** The path of the asker's number in its series, or of the next number whose path no other asker has. */
function claimNumbered(
  model: ModelState,
  series: string,
  asker: string,
  pathOf: (number: number) => string,
): string {
  for (;;) {
    const path = pathOf(ordinal(model, series, asker));
    if (claim(model, path, asker)) return path;
    model.ordinals.delete(`${series}|${asker}`);
  }
}

/** `dense_1`: the ordinal among the unnamed calls of the layer in the enclosing instance. */
export function unnamedInstance(
  frame: Frame,
  model: ModelState,
  layer: string,
  span: Span,
): string {
  const parent = frame.instance?.path ?? "";
  const asker = `${parent}|${visit(frame, `layer ${layer}`, span)}`;
  const series = `${parent}|${layer}`;
  return claimNumbered(model, series, asker, (number) => joinPath(parent, `${layer}_${number}`));
}

/** An instance that bears a name of the user's; undefined where another one has it. */
export function namedInstance(
  frame: Frame,
  model: ModelState,
  name: string,
  span: Span,
): string | undefined {
  const parent = frame.instance?.path ?? "";
  const asker = `${parent}|${visit(frame, `named ${name}`, span)}`;
  const path = joinPath(parent, name);
  return claim(model, path, asker) ? path : undefined;
}

/** An instance named by the parameter that the layer was given for; further calls count from 2. */
export function parameterInstance(
  frame: Frame,
  model: ModelState,
  parameter: string,
  span: Span,
): string {
  const parent = frame.instance?.path ?? "";
  const asker = `${parent}|${visit(frame, `given ${parameter}`, span)}`;
  const series = `${parent}|given ${parameter}`;
  return claimNumbered(model, series, asker, (number) =>
    joinPath(parent, number === 1 ? parameter : `${parameter}_${number}`),
  );
}

/** The path of a weight, state or fitted value; in a `for` the second turn's is `W_2`. Undefined where it is taken. */
export function parameterPath(
  frame: Frame,
  model: ModelState,
  name: string,
  span: Span,
): string | undefined {
  const parent = frame.instance?.path ?? "";
  const asker = visit(frame, `parameter ${name}`, span);
  const turn = Number(asker.slice(asker.lastIndexOf("#") + 1));
  const path = joinPath(parent, turn === 1 ? name : `${name}_${turn}`);
  return claim(model, path, `${parent}|${asker}`) ? path : undefined;
}

/** Where draws that stand outside all calls have their names. */
export const rootPath: DrawPath = { parent: undefined, name: "", id: 0 };

/** The path of a call or draw below the frame's: its ordinal among those of its name, the same in every trace. */
export function drawPath(frame: Frame, name: string, span: Span): DrawPath {
  const model = frame.trace?.model;
  if (model === undefined) return unmodelledPath(frame, name);
  const series = `draw ${frame.drawPath.id}/${name}`;
  const number = ordinal(model, series, visit(frame, series, span));
  return childPath(model, frame.drawPath, number === 1 ? name : `${name}_${number}`);
}

/** As of an optimizer, whose body runs once from its start to its end: the turns of a `for` count. */
function unmodelledPath({ activation, drawPath: parent }: Frame, name: string): DrawPath {
  const key = `draw ${pathText(parent)}/${name}`;
  const number = (activation.occurrences.get(key) ?? 0) + 1;
  activation.occurrences.set(key, number);
  return { parent, name: number === 1 ? name : `${name}_${number}`, id: parent.id };
}

/** One object for each path, so that short numbers stand for long paths. */
export function childPath(model: ModelState, parent: DrawPath, name: string): DrawPath {
  const key = `${parent.id}/${name}`;
  const known = model.drawPaths.get(key);
  if (known !== undefined) return known;
  const made = { parent, name, id: model.drawPaths.size + 1 };
  model.drawPaths.set(key, made);
  return made;
}

/** A path outside all calls, of an input or an initial value: its own, so that draws below it are no other one's. */
export function outermostPath(frame: Frame, name: string): DrawPath {
  const model = frame.trace?.model;
  return model === undefined
    ? { parent: rootPath, name, id: rootPath.id }
    : childPath(model, rootPath, name);
}

/** `encoder/dropout_2/keep`: the name of a draw's stream. */
export function pathText(path: DrawPath): string {
  const names: string[] = [];
  for (let at = path; at.parent !== undefined; at = at.parent) {
    names.unshift(at.name);
  }
  return names.join("/");
}
