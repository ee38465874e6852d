// Takes text that our printers wrote, gives it without comments and needless spaces.

/** Statements of WGSL end in `;` or `}`, so that lines can be joined; a space beside a sign or a word stays. */
export function minifyWgsl(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("//"))
    .join(" ")
    .replace(/ *([=+*/%<>,:;{}()[\]&|!]) */g, "$1")
    .replace(/,([)}])/g, "$1");
}

/** Lines stay, so that no semicolon is missed; indentation, empty lines and whole-line comments go. */
export function minifyJavaScript(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^\/\*\*.*\*\/$/.test(line))
    .join("\n");
}
