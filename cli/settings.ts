// In: the text of `--set k=v`; out: the name and the compile-time value, or undefined where it is neither; and the way back.

export type SettingValue = number | boolean | string | readonly SettingValue[];

export interface Setting {
  readonly name: string;
  readonly value: SettingValue;
}

const numberForm = /^[+-]?(?:\d[\d_]*(?:\.\d[\d_]*)?|\.\d[\d_]*)(?:e[+-]?\d+)?/i;
const wordForm = /^[A-Za-z_][\w.-]*/;
const stringForm = /^"(?:[^"\\]|\\.)*"/;
const deepestList = 16;

interface Parsed {
  readonly value: SettingValue;
  readonly rest: string;
}

function parseList(text: string, depth: number): Parsed | undefined {
  const values: SettingValue[] = [];
  let rest = text.trimStart();
  while (!rest.startsWith("]")) {
    const item = parseValue(rest, depth);
    if (item === undefined) return undefined;
    values.push(item.value);
    rest = item.rest.trimStart();
    if (rest.startsWith(",")) rest = rest.slice(1).trimStart();
    else if (!rest.startsWith("]")) return undefined;
  }
  return { value: values, rest: rest.slice(1) };
}

function parseString(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

function parseValue(text: string, depth: number): Parsed | undefined {
  if (text.startsWith("[")) return depth > 0 ? parseList(text.slice(1), depth - 1) : undefined;
  const quoted = stringForm.exec(text)?.[0];
  if (quoted !== undefined) {
    const value = parseString(quoted);
    return value === undefined ? undefined : { value, rest: text.slice(quoted.length) };
  }
  const number = numberForm.exec(text)?.[0];
  if (number !== undefined) {
    const value = Number(number.replaceAll("_", ""));
    return Number.isFinite(value) ? { value, rest: text.slice(number.length) } : undefined;
  }
  const word = wordForm.exec(text)?.[0];
  if (word === undefined) return undefined;
  const value = word === "true" ? true : word === "false" ? false : word;
  return { value, rest: text.slice(word.length) };
}

/** Numbers, `true` and `false`, words and `"strings"`, and lists of these: `hidden=[256,128]`. */
export function parseSetting(text: string): Setting | undefined {
  const [, name, written] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || written === undefined) return undefined;
  const parsed = parseValue(written.trim(), deepestList);
  return parsed?.rest.trim() === "" ? { name, value: parsed.value } : undefined;
}

/** A value as `--set` takes it: `parseSetting` gives it back. */
export function settingText(value: SettingValue): string {
  if (typeof value === "object") return `[${value.map(settingText).join(",")}]`;
  if (typeof value !== "string") return String(value);
  const word = wordForm.exec(value)?.[0] === value && value !== "true" && value !== "false";
  return word ? value : JSON.stringify(value);
}
