// Text with code in backticks in; Markdown that shows it as it stands, out.

/** What Markdown and Vue read as signs of their own. */
const signs = /[\\*_[\]<>{}|&$~#]/g;

/** Text outside of backticks is shown sign by sign. */
export function escaped(text) {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? code(part.slice(1, -1)) : part.replace(signs, entity)))
    .join("");
}

/** Code, in which Vue interpolates nothing. */
export function code(text) {
  return `<code v-pre>${text.replace(/[&<>{}|\\*_`[\]]/g, entity)}</code>`;
}

export function fence(language, text) {
  const ticks = text.includes("```") ? "````" : "```";
  return `${ticks}${language}\n${text.trimEnd()}\n${ticks}`;
}

const entity = (sign) => `&#${sign.codePointAt(0)};`;
