// The prelude's files and the sources of the oracle's records come in; none may hold a mistake of syntax.

import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "../../grammar/parse.js";

const prelude = new URL("../../compiler/prelude/", import.meta.url);
const data = new URL("./data/", import.meta.url);

function mistakes(file: string, source: string): readonly string[] {
  const { diagnostics } = parse({ name: file, text: source });
  return diagnostics.map(({ code, message, span }) => {
    const around = source.slice(Math.max(0, span.start - 20), span.end + 20);
    return `${code} ${message} at: ${around}`;
  });
}

function preludeFiles(): readonly string[] {
  return readdirSync(prelude).filter((file) => file.endsWith(".nn"));
}

describe("the prelude", () => {
  it.each(preludeFiles())("%s parses", (file) => {
    expect(mistakes(file, readFileSync(new URL(file, prelude), "utf8"))).toEqual([]);
  });
});

interface Sources {
  readonly name: string;
  readonly source: string;
  readonly gradient_source?: string;
}

describe("the oracle's sources", () => {
  it("remaining.nn parses", () => {
    const text = readFileSync(new URL("./remaining.nn", import.meta.url), "utf8");
    expect(mistakes("remaining.nn", text)).toEqual([]);
  });

  it.each(readdirSync(data))("%s parse", (file) => {
    const records = JSON.parse(readFileSync(new URL(file, data), "utf8")) as readonly Sources[];
    expect(records.length).toBeGreaterThan(1);
    for (const { name, source, gradient_source: gradients } of records) {
      expect(mistakes(name, source)).toEqual([]);
      if (gradients !== undefined) expect(mistakes(name, gradients)).toEqual([]);
    }
  });
});
