// The Chromium that comes with `npm ci` in; headless pages with WebGPU in software out.

import { chromium, type Browser, type Page } from "playwright-core";
import { browserInstallation } from "../../scripts/software.mjs";

export { serveFolder, type FileServer } from "./server.js";

/** Starts the browser; the caller closes it. Throws where it does not start, so that tests fail. */
export function launchBrowser(): Promise<Browser> {
  const { executablePath, args, environment } = browserInstallation();
  return chromium.launch({
    executablePath,
    env: { ...definedEnvironment(), ...environment },
    args,
  });
}

/** A page that collects what goes wrong on it: errors of scripts, and what is printed with `console.error`. */
export async function openPage(
  browser: Browser,
  url: string,
  options: Parameters<Browser["newPage"]>[0] = {},
): Promise<{ readonly page: Page; readonly problems: readonly string[] }> {
  const page = await browser.newPage(options);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  await page.goto(url);
  return { page, problems };
}

function definedEnvironment(): Record<string, string> {
  const pairs = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(pairs);
}
