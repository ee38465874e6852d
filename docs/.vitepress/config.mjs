// The guide's pages and what scripts/docs.mjs makes in; how VitePress builds the site out.

import { readFileSync } from "node:fs";
import { defineConfig } from "vitepress";
import { referenceSidebar } from "../../scripts/docs/reference.mjs";
import { guide } from "../guide/pages.mjs";

const grammar = JSON.parse(
  readFileSync(new URL("../../grammar/nnc.tmLanguage.json", import.meta.url), "utf8"),
);

const guideSidebar = guide.map(({ title, pages }) => ({
  text: title,
  items: pages.map(({ page, title: text }) => ({ text, link: `/guide/${page}` })),
}));

const appsSidebar = [
  { text: "Embedding", link: "/apps/embedding" },
  { text: "Data files", link: "/apps/data" },
  { text: "Searching parameters", link: "/apps/search" },
];

const languageSidebar = [
  { text: "The language in a table", link: "/apps/table" },
  { text: "The whole language", link: "/language" },
];

export default defineConfig({
  title: "nnc",
  description:
    "A compiler for neural networks: from .nn files to WebGPU, WebAssembly and JavaScript.",
  lang: "en",
  srcDir: "../.cache/docs",
  outDir: "../dist/site",
  cacheDir: "../.cache/vitepress",
  // Links work from any folder of any server, and from the disk of one who serves it.
  cleanUrls: false,
  head: [["link", { rel: "icon", href: "/logo.svg" }]],
  markdown: {
    languages: [{ ...grammar, name: "nn", aliases: [] }],
    theme: { light: "github-light", dark: "github-dark" },
    config: nameFiles,
  },
  themeConfig: {
    logo: "/logo.svg",
    nav: [
      { text: "Guide", link: "/guide/start", activeMatch: "/guide/" },
      { text: "Language", link: "/language", activeMatch: "/language|/apps/table" },
      { text: "Reference", link: "/reference/", activeMatch: "/reference/" },
      { text: "Apps", link: "/apps/embedding", activeMatch: "/apps/(embedding|data|search)" },
    ],
    sidebar: {
      "/guide/": guideSidebar,
      "/reference/": referenceSidebar(),
      "/language": languageSidebar,
      "/apps/table": languageSidebar,
      "/apps/": appsSidebar,
    },
    outline: { level: [2, 3], label: "On this page" },
    search: { provider: "local" },
    docFooter: { prev: "Before", next: "Next" },
  },
});

/** ```` ```nn [lenet.nn] ```` shows the file's name above the block. */
function nameFiles(markdown) {
  const { fence } = markdown.renderer.rules;
  markdown.renderer.rules.fence = (tokens, index, ...others) => {
    const name = /\[([^\]]*)\]/.exec(tokens[index].info)?.[1];
    const block = fence(tokens, index, ...others);
    return name === undefined ? block : `<div class="file-name">${name}</div>${block}`;
  };
}
