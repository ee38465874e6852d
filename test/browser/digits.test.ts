// The digits example, compiled and briefly trained, in; a page on which ten drawn digits are read out.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runProgram } from "../../cli/program.js";
import { generateDigits } from "../../examples/digits/generate.js";
import { npyFile } from "../../scripts/npy.mjs";
import { describeGpu } from "../support/adapter.js";
import { launchBrowser, openPage, serveFolder, type FileServer } from "../support/browser.js";

const example = join(import.meta.dirname, "../../examples/digits");
const model = join(example, "digits.nn");

/** As a person would draw them with a mouse, in shares of the sheet: not one of the generator's shapes. */
const drawings: readonly (readonly (readonly (readonly [number, number])[])[])[] = [
  // prettier-ignore
  [[[0.5, 0.1], [0.25, 0.2], [0.15, 0.5], [0.25, 0.8], [0.5, 0.92], [0.75, 0.8], [0.85, 0.5], [0.72, 0.2], [0.5, 0.1]]],
  // prettier-ignore
  [[[0.52, 0.1], [0.5, 0.9]]],
  // prettier-ignore
  [[[0.25, 0.3], [0.35, 0.15], [0.55, 0.1], [0.7, 0.2], [0.72, 0.35], [0.55, 0.55], [0.25, 0.88], [0.78, 0.88]]],
  // prettier-ignore
  [[[0.25, 0.15], [0.5, 0.1], [0.7, 0.2], [0.68, 0.38], [0.45, 0.48], [0.7, 0.58], [0.75, 0.75], [0.55, 0.9], [0.25, 0.85]]],
  // prettier-ignore
  [[[0.35, 0.1], [0.25, 0.55], [0.75, 0.55]], [[0.62, 0.2], [0.6, 0.9]]],
  // prettier-ignore
  [[[0.7, 0.12], [0.32, 0.12], [0.3, 0.45], [0.55, 0.42], [0.72, 0.6], [0.65, 0.82], [0.45, 0.9], [0.25, 0.82]]],
  // prettier-ignore
  [[[0.65, 0.1], [0.4, 0.3], [0.27, 0.6], [0.35, 0.85], [0.55, 0.9], [0.7, 0.75], [0.6, 0.58], [0.4, 0.6], [0.3, 0.7]]],
  // prettier-ignore
  [[[0.25, 0.12], [0.75, 0.12], [0.45, 0.9]]],
  // prettier-ignore
  [[[0.65, 0.2], [0.5, 0.1], [0.33, 0.2], [0.42, 0.42], [0.65, 0.62], [0.68, 0.82], [0.48, 0.92], [0.3, 0.8], [0.38, 0.58], [0.62, 0.38], [0.66, 0.2]]],
  // prettier-ignore
  [[[0.7, 0.25], [0.55, 0.1], [0.35, 0.18], [0.32, 0.38], [0.5, 0.48], [0.68, 0.35], [0.7, 0.25], [0.66, 0.9]]],
];

async function nnc(...options: string[]): Promise<void> {
  const said: string[] = [];
  const say = (text: string) => said.push(text);
  const terminal = { write: say, note: say, update: say, live: false, colour: false };
  const code = await runProgram(options, { terminal, version: "test" });
  if (code !== 0) throw new Error(`nnc ${options.join(" ")}: ${code}\n${said.join("\n")}`);
}

/** Compiles the example and trains it on fewer digits than `npm start` does; the folder holds what the page loads. */
async function trainBriefly(folder: string): Promise<void> {
  const count = 1500;
  const { image, digit } = generateDigits(9, count);
  writeFileSync(join(folder, "image.npy"), npyFile(image, [count, 28, 28, 1]));
  writeFileSync(join(folder, "digit.npy"), npyFile(digit, [count]));
  await nnc("compile", model, "-o", folder);
  const data = ["image", "digit"].flatMap((name) => [
    "--data",
    `${name}=${join(folder, `${name}.npy`)}`,
  ]);
  const weights = join(folder, "digits.safetensors");
  await nnc("train", model, ...data, "--backend", "cpu", "--epochs", "2", "-o", weights);
}

async function draw(page: Page, digit: number): Promise<void> {
  const box = await page.locator("#drawing").boundingBox();
  if (!box) throw new Error("the page has no sheet to draw on");
  for (const stroke of drawings[digit] ?? []) {
    const points = stroke.map(([x, y]) => [box.x + x * box.width, box.y + y * box.height] as const);
    for (const [index, [x, y]] of points.entries()) {
      await page.mouse.move(x, y, { steps: index === 0 ? 1 : 4 });
      if (index === 0) await page.mouse.down();
    }
    await page.mouse.up();
  }
}

/** The same with a finger: touches, which pages get as pointer events. */
async function drawTouching(page: Page, digit: number): Promise<void> {
  const box = await page.locator("#drawing").boundingBox();
  if (!box) throw new Error("the page has no sheet to draw on");
  const session = await page.context().newCDPSession(page);
  for (const stroke of drawings[digit] ?? []) {
    for (const [index, [x, y]] of stroke.entries()) {
      await session.send("Input.dispatchTouchEvent", {
        type: index === 0 ? "touchStart" : "touchMove",
        touchPoints: [{ x: box.x + x * box.width, y: box.y + y * box.height }],
      });
    }
    await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  }
}

async function readBars(page: Page): Promise<number[]> {
  const values = await page
    .locator("[role=meter]")
    .evaluateAll((meters) => meters.map((meter) => meter.getAttribute("aria-valuenow")));
  return values.map(Number);
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

describeGpu("the digits page", () => {
  let browser: Browser;
  let server: FileServer;
  let untrained: FileServer;
  const folder = mkdtempSync(join(tmpdir(), "nnc-digits-"));
  const empty = mkdtempSync(join(tmpdir(), "nnc-digits-"));

  beforeAll(async () => {
    await trainBriefly(folder);
    browser = await launchBrowser();
    server = await serveFolder(example, {}, { "/bundle/": folder });
    untrained = await serveFolder(example, {}, { "/bundle/": empty });
  }, 180_000);

  afterAll(async () => {
    await browser.close();
    await server.close();
    await untrained.close();
    rmSync(folder, { recursive: true });
    rmSync(empty, { recursive: true });
  });

  it("reads each of ten drawn digits, on WebGPU", async () => {
    const { page, problems } = await openPage(browser, `${server.url}?backend=webgpu`);
    await page.getByText("Running on WebGPU").waitFor();
    for (let digit = 0; digit < 10; digit++) {
      await draw(page, digit);
      const winner = page.locator(`li.best:has([aria-label="Digit ${digit}"])`);
      await winner.waitFor({ timeout: 10_000 });
      expect(sum(await readBars(page))).toBeCloseTo(100, 0);
      await page.getByRole("button", { name: "Clear" }).click();
      await page.locator("li.best").waitFor({ state: "detached" });
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it("moves the bars while a stroke is under way", async () => {
    const { page } = await openPage(browser, `${server.url}?backend=webgpu`);
    await page.getByText("Running on WebGPU").waitFor();
    expect(sum(await readBars(page))).toBe(0);
    const box = await page.locator("#drawing").boundingBox();
    if (!box) throw new Error("the page has no sheet to draw on");
    const at = (x: number, y: number) =>
      page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 8 });
    await at(0.25, 0.12);
    await page.mouse.down();
    await at(0.75, 0.12);
    await page.locator("li.best").waitFor();
    const before = await readBars(page);
    await at(0.45, 0.9);
    await page.locator('li.best:has([aria-label="Digit 7"])').waitFor();
    expect(await readBars(page)).not.toEqual(before);
    await page.mouse.up();
    await page.close();
  });

  it("reads a finger's drawing on a narrow screen, on which all of it has its place", async () => {
    const { page } = await openPage(browser, server.url, {
      viewport: { width: 360, height: 760 },
      hasTouch: true,
    });
    // The only adapter here is software, which is not taken unasked.
    await page.getByText("Running on the CPU").waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    // The bars are in sight while the finger is on the sheet.
    const bars = await page.locator("#bars").boundingBox();
    expect((bars?.y ?? Infinity) + (bars?.height ?? 0)).toBeLessThan(760);
    await drawTouching(page, 3);
    await page.locator('li.best:has([aria-label="Digit 3"])').waitFor();
    await page.close();
  });

  it("is worked by the keyboard: has a digit drawn, reads it, takes it away", async () => {
    const { page, problems } = await openPage(browser, `${server.url}?backend=cpu`, {
      reducedMotion: "reduce",
    });
    await page.getByText("Running on the CPU").waitFor();
    await page.getByText("Nothing is drawn yet").waitFor();
    // The link comes first; what there is nothing to do for is passed over.
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("li.best").waitFor();
    expect(sum(await readBars(page))).toBeCloseTo(100, 0);
    await page.keyboard.press("Escape");
    await page.locator("li.best").waitFor({ state: "detached" });
    expect(sum(await readBars(page))).toBe(0);
    expect(await page.getByRole("button", { name: "Clear" }).isDisabled()).toBe(true);
    expect(problems).toEqual([]);
    await page.close();
  });

  it("says what to do where nothing has been trained yet", async () => {
    const { page } = await openPage(browser, untrained.url);
    await page.getByText("npm start").waitFor();
    await draw(page, 2);
    expect(sum(await readBars(page))).toBe(0);
    await page.close();
  });
});
