// The text of a Markdown document in; its fenced blocks, each with its language, its words, its file name, its text and its place, out.

/**
 * ```` ```nn [lenet.nn] ```` has the language `nn` and the file name `lenet.nn`; ```` ```nn fragment ```` has the words `["fragment"]`.
 * `line` is that of the opening fence, from 1; `start` and `end` are the places of the block's text in the document.
 */
export function fencesOf(document) {
  const found = [];
  let open;
  let offset = 0;
  for (const [index, line] of document.split("\n").entries()) {
    const fence = /^(\s*)(`{3,})(.*)$/.exec(line);
    if (open === undefined && fence !== null) {
      open = {
        ticks: fence[2],
        ...informationOf(fence[3]),
        line: index + 1,
        start: offset + line.length + 1,
      };
    } else if (open !== undefined && fence?.[2].startsWith(open.ticks) && fence[3].trim() === "") {
      const { ticks, ...own } = open;
      const end = Math.max(own.start, offset);
      found.push({ ...own, end, text: document.slice(own.start, end) });
      open = undefined;
    }
    offset += line.length + 1;
  }
  if (open !== undefined) throw new Error(`the block that line ${open.line} opens has no end`);
  return found;
}

/** What stands behind the fence: the language, `[a file's name]`, and words. */
function informationOf(text) {
  const name = /\[([^\]]*)\]/.exec(text)?.[1];
  const [language = "", ...words] = text
    .replace(/\[[^\]]*\]/, "")
    .trim()
    .split(/\s+/);
  return { language, words, ...(name === undefined ? {} : { name }) };
}
