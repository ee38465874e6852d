// The standard library's files and the compiler's primitives in; the pages of the reference as Markdown out.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { distributions, primitives } from "../../build/compiler/ops/primitives.js";
import { createBuiltins } from "../../build/compiler/analyze/builtins/index.js";
import { entriesOf } from "./entries.mjs";
import { families } from "./families.mjs";
import { code, escaped, fence } from "./markdown.mjs";

/** `[{ path, text }]`, the overview first. */
export function referencePages(root) {
  const folder = join(root, "compiler/prelude");
  const files = readdirSync(folder).filter((name) => name.endsWith(".nn"));
  const paged = families.flatMap((family) => family.files);
  const left = files.filter((name) => !paged.includes(name));
  if (left.length > 0) throw new Error(`no page of the reference has ${left.join(", ")}`);
  const filled = families.map((family) => ({
    ...family,
    entries: family.files.flatMap((name) =>
      entriesOf(name, readFileSync(join(folder, name), "utf8")),
    ),
  }));
  return [
    { path: "reference/index.md", text: overview(filled) },
    ...filled.map((family) => ({ path: `reference/${family.page}.md`, text: familyPage(family) })),
    { path: "reference/primitives.md", text: primitivesPage() },
  ];
}

/** What the sidebar lists: groups of `{ text, link }`. */
export function referenceSidebar() {
  const groups = [...new Set(families.map(({ group }) => group))];
  return [
    { text: "Overview", link: "/reference/" },
    ...groups.map((group) => ({
      text: group,
      items: families
        .filter((family) => family.group === group)
        .map(({ title, page }) => ({ text: title, link: `/reference/${page}` })),
    })),
    { text: "The compiler's own", items: [{ text: "Primitives", link: "/reference/primitives" }] },
  ];
}

function overview(filled) {
  const lists = filled.map(
    ({ title, page, entries }) =>
      `## [${title}](./${page})\n\n` +
      entries.map(({ name }) => `[${code(name)}](./${page}#${anchor(name)})`).join(" · "),
  );
  const own = Object.keys({ ...primitives, ...distributions });
  return [
    "# The standard library",
    "Layers, activations, losses, optimizers and all else on these pages are written in the language itself, and are compiled with a program as its own declarations are. This reference is made from their text: each entry tells what goes in and comes out, the formula with its source, its parameters with their defaults, and shows how it is written. A declaration of the same name in a program hides the one here.",
    ...lists,
    `## [Primitives](./primitives)\n\nWhat the compiler knows, and all of this is made of: ${own.map((name) => `[${code(name)}](./primitives#${anchor(name)})`).join(" · ")}`,
    "",
  ].join("\n\n");
}

function familyPage({ title, about, entries }) {
  return [`# ${title}`, about, ...entries.map(entryText), ""].join("\n\n");
}

function entryText(entry) {
  const { name, kind, signature, shapes, does, elsewhere, parameters, keeps, file, line, text } =
    entry;
  const parts = [`## ${name} {#${anchor(name)}}`, fence("nn", signature)];
  if (shapes !== undefined) parts.push(`**Shapes**: ${escaped(shapes)}`);
  parts.push(sentence(does));
  if (kind !== "Const" && parameters.length > 0) parts.push(parameterTable(parameters));
  if (keeps.length > 0) {
    parts.push(
      `**Each call makes** ${keeps.map((one) => code(one.replace(/\s+/g, " "))).join(", ")}`,
    );
  }
  if (elsewhere.length > 0)
    parts.push(`Elsewhere it is called ${elsewhere.map(escaped).join(", ")}.`);
  if (kind !== "Const") {
    const place = `<code>compiler/prelude/${file}</code>, line ${line}`;
    parts.push(`::: details Its text (${place})\n${fence("nn", text)}\n:::`);
  }
  return parts.join("\n\n");
}

/** The documentation begins without a capital and ends without a full stop. A blank line in it begins a paragraph. */
function sentence(does) {
  return does
    .split(/\n\n+/)
    .map((paragraph) => {
      const line = paragraph.replace(/\s*\n\s*/g, " ").trim();
      return escaped(/[.:]$/.test(line) ? line : `${line}.`);
    })
    .join("\n\n");
}

function parameterTable(parameters) {
  const rows = parameters.map(
    ({ name, type, default: value }) =>
      `| ${code(name)} | ${type === undefined ? "" : code(type)} | ${value === undefined ? "must be given" : code(value)} |`,
  );
  return ["| parameter | type | default |", "| --- | --- | --- |", ...rows].join("\n");
}

function primitivesPage() {
  const told = { ...primitives, ...distributions };
  const own = Object.entries(told).map(([name, { parameters, doc }]) => {
    const texts = parameters.map((parameter) => {
      if (parameter.default !== undefined) {
        return `${parameter.name} = ${JSON.stringify(parameter.default)}`;
      }
      return parameter.optional === true ? `${parameter.name}?` : parameter.name;
    });
    return `## ${name} {#${anchor(name)}}\n\n${fence("nn", `${name}(${texts.join(", ")})`)}\n\n${sentence(doc)}`;
  });
  const others = [...createBuiltins().keys()].filter((name) => !(name in told));
  return [
    "# Primitives",
    `What the compiler knows, each with a rule for its shape and one for its derivative. A \`?\` marks what may be left out. ${others.map((name) => code(name)).join(", ")} are the language's own: [section 4](/language#_4-expressions) tells of them, and of all of these in more detail.`,
    ...own,
    "",
  ].join("\n\n");
}

const anchor = (name) => name.replaceAll("_", "-");
