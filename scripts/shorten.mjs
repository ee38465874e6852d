// The text of a module that esbuild has minified in; a shorter one that does the same out: a second minifier inlines what the first leaves.

import { minify } from "terser";
import { shortenVariables } from "./shortVariables.mjs";

/** `text` has its exports in place: names at top level stay. */
export async function shorten(text) {
  const { code } = await minify(text, {
    ecma: 2022,
    module: false,
    toplevel: false,
    mangle: false,
    compress: {
      passes: 3,
      ecma: 2022,
      unsafe_arrows: true,
      unsafe_methods: true,
      // Nothing that is read has an effect: our getters give what they hold.
      pure_getters: true,
      keep_fargs: false,
    },
    format: { ecma: 2022 },
  });
  return `${shortenVariables(code)}\n`;
}
