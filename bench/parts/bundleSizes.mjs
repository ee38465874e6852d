// A folder to write to in; how large the bundle of w1 is out: minified, and gzipped too, by file.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { compileBundle } from "../contestants/nnc/bundles.mjs";

export function measureSizes({ folder, say }) {
  const output = join(folder, "sizes");
  compileBundle("w1", output, "--minify");
  const code = readdirSync(output).filter((name) => /\.(?:js|wasm)$/.test(name));
  const sizes = code.map((name) => {
    const bytes = readFileSync(join(output, name));
    const gzipped = gzipSync(bytes, { level: 9 }).length;
    say(`${name}: ${bytes.length} bytes, ${gzipped} gzipped`);
    return [name, { bytes: bytes.length, gzipped }];
  });
  return Object.fromEntries(sizes);
}
