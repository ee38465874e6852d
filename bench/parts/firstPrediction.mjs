// Contestants and rounds in; milliseconds from navigation to the first prediction of w1 in headless Chromium out.

import { createReadStream, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { browserInstallation } from "../../scripts/software.mjs";
import { compileBundle } from "../contestants/nnc/bundles.mjs";

const pages = join(dirname(dirname(fileURLToPath(import.meta.url))), "pages");

/** Contestants that have a page; those of ours share one. */
const pageOf = { "nnc-webgpu": "nnc", "nnc-cpu": "nnc", "jax-webgpu": "jax", "jax-wasm": "jax" };

export async function measureFirstPrediction({ contestants, rounds, timeout, folder, say }) {
  const entrants = contestants.filter((name) => pageOf[name] !== undefined);
  const site = join(folder, "pages");
  await buildPages(new Set(entrants.map((name) => pageOf[name])), site);
  const server = await serve(site);
  const results = Object.fromEntries(entrants.map((name) => [name, []]));
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const name of entrants) {
        const address = `${server.url}${pageOf[name]}/?${name.split("-")[1]}`;
        const measured = await visit(address, timeout);
        results[name].push(measured);
        say(
          `round ${round}, first prediction, ${name}: ` +
            (measured.error ?? `${measured.first.toFixed(0)} ms`),
        );
      }
    }
  } finally {
    server.close();
  }
  return results;
}

/** Each page with its code beside it, minified, as an app would ship it. */
async function buildPages(names, site) {
  for (const name of names) {
    const output = join(site, name);
    mkdirSync(output, { recursive: true });
    if (name === "nnc") compileBundle("w1", output, "--minify", "--entry", "inference");
    await build({
      entryPoints: [join(pages, `${name}.mjs`)],
      outfile: join(output, "page.js"),
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      logLevel: "error",
      external: ["node:*", "./w1.js"],
    });
    const html = `<!doctype html><title>${name}</title><script type="module" src="page.js"></script>`;
    writeFileSync(join(output, "index.html"), html);
  }
}

/** A browser of its own for each visit, so that nothing is in its caches. */
async function visit(address, timeout) {
  const { executablePath, args, environment } = browserInstallation();
  const browser = await chromium.launch({
    executablePath,
    env: { ...process.env, ...environment },
    args,
  });
  try {
    const page = await browser.newPage();
    await page.goto(address);
    const given = { timeout: timeout * 1000 };
    await page.waitForFunction(() => globalThis.benchResult !== undefined, undefined, given);
    return await page.evaluate(() => globalThis.benchResult);
  } catch (error) {
    return { error: error.message.split("\n")[0] };
  } finally {
    await browser.close();
  }
}

const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

/** 127.0.0.1 is a secure context, so pages have WebGPU. */
async function serve(site) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = normalize(join(site, pathname.endsWith("/") ? `${pathname}index.html` : pathname));
    if (!file.startsWith(site) || !existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, {
      "content-type": types[extname(file)] ?? "application/octet-stream",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    });
    return createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
