// States and carries of classes and integers that get a next value in; what they hold then, and which values they take, out.
import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";
import { codesOf } from "./support.js";

it("classes stay within their number, in states and in carries", async () => {
  const net = await open(
    compileOne(`model M {
      input x: [batch]
      state s: category(3)[] = 0
      if training { s <- s + i32(sum(x)) }
      k = scan i in range(2) {
        carry c: category(3)[] = 0
        c <- c + 5
      }
      output held = s
      output last = k
      loss 0 * x
    }
    train M { optimizer sgd(lr: 0) batch 1 steps 1 }`),
    "f64",
    { seed: 1 },
  );
  const held = async (): Promise<number[]> => {
    const { held, last }: Record<string, ArrayLike<number>> = await net.predict({ x: [1] });
    return [...Array.from(held ?? []), ...Array.from(last ?? [])];
  };
  expect(await held()).toEqual([0, 2]);
  await net.step({ x: [1] });
  expect(await held()).toEqual([1, 2]);
  net.destroy();
});

it("what is known while compiling takes the declared type, and truth values count as numbers", () => {
  const model = (next: string, type = ""): string => `model M {
    input x: [batch]
    y = scan u in x along 0 { carry h${type} = 0  h <- ${next} }
    output y
  }`;
  expect(codesOf(model("h + 1", ": i32[]"))).toEqual([]);
  expect(codesOf(model("3", ": []"))).toEqual([]);
  expect(codesOf(model("h + (u > 0)"))).toEqual([]);
  expect(codesOf(model("[1, 2]", ": [2]"))).toEqual([]);
  expect(codesOf(model("h + u", ": i32[]"))).toEqual(["NN0302"]);
  expect(codesOf(model("[u, 1]", ": i32[2]"))).toEqual(["NN0302"]);
  expect(codesOf(model("u", ": bool[]"))).toEqual(["NN0302"]);
});
