// In: what people write after --set, --rows and the like; out: the values, or that it is refused.
import { describe, expect, test } from "vitest";
import { parseSetting } from "../../cli/settings.js";

describe("--set", () => {
  test.each([
    ["classes=26", 26],
    ["rate=1e-3", 0.001],
    ["rate=.5", 0.5],
    ["count=1_000", 1000],
    ["shift=-2.5", -2.5],
    ["deep=true", true],
    ["deep=false", false],
    ["padding=same", "same"],
    ['padding="a \\"b\\", c"', 'a "b", c'],
    ["hidden=[256,128]", [256, 128]],
    ["hidden=[ 256 , 128, ]", [256, 128]],
    ["hidden=[]", []],
    ["nested=[[1],[2,[3]]]", [[1], [2, [3]]]],
    ["mixed=[same, 1, true]", ["same", 1, true]],
  ])("%s", (text, value) => {
    expect(parseSetting(text)).toEqual({ name: text.split("=")[0], value });
  });
  test.each([
    "hidden",
    "=3",
    "2x=3",
    "hidden=",
    "hidden=[256",
    "hidden=256]",
    "hidden=[1 2]",
    "hidden=[,]",
    "rate=1e999",
    "rate=1.2.3",
    'name="open',
    "a=b c",
    `deep=${"[".repeat(40)}${"]".repeat(40)}`,
  ])("%s is refused", (text) => {
    expect(parseSetting(text)).toBeUndefined();
  });
});
