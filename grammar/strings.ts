// A string literal with its quotes comes in; its value and its unknown escapes go out.

import type { Span } from "./span.js";

export interface ReadString {
  readonly value: string;
  /** Offsets within the literal. */
  readonly badEscapes: readonly Span[];
}

const simple: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  n: "\n",
  t: "\t",
  r: "\r",
};

/** Resolves the escapes of a literal; an unknown one is kept as written. */
export function readString(literal: string): ReadString {
  const badEscapes: Span[] = [];
  const inner = literal.slice(1, -1);
  const value = inner.replace(
    /\\(u\{[^}"]*\}?|[^]|$)/gu,
    (escape: string, body: string, offset: number) => {
      const known = simple[body] ?? codePoint(body);
      if (known !== undefined) return known;
      badEscapes.push({ start: offset + 1, end: offset + 1 + escape.length });
      return escape;
    },
  );
  return { value, badEscapes };
}

function codePoint(body: string): string | undefined {
  const digits = /^u\{([0-9a-fA-F]{1,6})\}$/.exec(body)?.[1];
  if (digits === undefined) return undefined;
  const code = Number.parseInt(digits, 16);
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  return code > 0x10ffff || surrogate ? undefined : String.fromCodePoint(code);
}
