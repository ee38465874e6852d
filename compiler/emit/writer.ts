// Takes lines, gives indented text.

export interface Writer {
  readonly line: (text: string) => void;
  readonly indented: (open: string, close: string, body: () => void) => void;
  readonly text: () => string;
}

export function createWriter(): Writer {
  const lines: string[] = [];
  let depth = 0;
  const line = (text: string): void => {
    lines.push(text === "" ? "" : "  ".repeat(depth) + text);
  };
  return {
    line,
    indented: (open, close, body) => {
      line(open);
      depth++;
      body();
      depth--;
      line(close);
    },
    text: () => `${lines.join("\n")}\n`,
  };
}
