// README.md and LANGUAGE.md in; the pages that the site makes of them, out.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Sections of the README, by their headings, and the pages that hold them. */
const sections = [
  { heading: "Embedding it", path: "apps/embedding.md" },
  { heading: "Data", path: "apps/data.md" },
  { heading: "Searching parameters", path: "apps/search.md" },
  { heading: "The language in a table", path: "apps/table.md" },
];

/** Files of the project that are pages of the site. */
const pages = new Map([
  ["LANGUAGE.md", "/language"],
  ["compiler/prelude", "/reference/"],
]);

/** `[{ path, text }]`. */
export function documentPages(root) {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const parts = new Map(
    readme.split(/^## /m).map((part) => {
      const [heading, ...lines] = part.split("\n");
      return [heading, lines.join("\n")];
    }),
  );
  const ofReadme = sections.map(({ heading, path }) => {
    const text = parts.get(heading);
    if (text === undefined) throw new Error(`the README has no section "${heading}"`);
    return { path, text: `# ${heading}\n${linked(text)}` };
  });
  const language = readFileSync(join(root, "LANGUAGE.md"), "utf8");
  return [...ofReadme, { path: "language.md", text: linked(language) }];
}

/** Links to what is no page of the site become the path that they name. */
function linked(text) {
  return text.replace(/\[([^\]\n]+)\]\(([\w./-]+)\)/g, (_, words, target) => {
    const page = pages.get(target);
    return page === undefined ? `\`${target}\`` : `[${words}](${page})`;
  });
}
