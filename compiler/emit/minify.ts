// Takes text that our printers wrote, gives it without comments and needless spaces.

/** Lines stay, so that no semicolon is missed; indentation, empty lines and whole-line comments go. */
export function minifyJavaScript(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^\/\*\*.*\*\/$/.test(line))
    .join("\n");
}
