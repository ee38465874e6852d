// Models in; the boxes of their networks, what flows between them, and the picture of it out.
import { describe, expect, it } from "vitest";
import { networkOf } from "../../cli/network.js";
import type { Network } from "../../cli/network.js";
import { networkPicture } from "../../cli/networkPicture.js";
import { check } from "../../compiler/compile.js";

function networkIn(source: string): Network {
  const [typed] = check(source).models;
  if (typed === undefined) throw new Error("the source has mistakes");
  return networkOf(typed, typed.parameters);
}

const flowsOf = ({ boxes, flows }: Network): string[] =>
  flows.map(([from, to]) => `${boxes[from]?.title ?? ""} > ${boxes[to]?.title ?? ""}`).sort();

const source = `
layer block(x: [batch, n]): [batch, n] {
  return relu(x |> dense(n, activation: tanh)) + x
}
model M {
  input x: [batch, 4]
  input unused: [batch]
  target label: category(3)[batch]
  shared encoder = dense(4)
  a = encoder(x)
  b = encoder(a / 2)
  h = (a + b) |> block()
  never = h |> dense(7)
  logits = h |> dropout() |> dense(3)
  output probability = softmax(logits)
  loss cross_entropy(logits, label)
  metric accuracy(logits, label)
}`;

describe("the network of a model", () => {
  const network = networkIn(source);

  it("is of layers and functions, own layers opened, and of what outputs and losses need alone", () => {
    const told = network.boxes.map(({ kind, title, detail, shape, parameters, within }) =>
      [kind, title, detail, shape, parameters, ...within].join(" | "),
    );
    expect(told).toEqual([
      "layer | encoder | dense | [batch, 4] | 20",
      "layer | encoder | dense | [batch, 4] | 20",
      "layer | dense_1 | tanh | [batch, 4] | 20 | block_1",
      "function | relu |  | [batch, 4] | 0 | block_1",
      "layer | dense_2 |  | [batch, 3] | 15",
      "function | softmax |  | [batch, 3] | 0",
      "input | x |  | [batch, 4] | 0",
      "target | label |  | [batch] | 0",
      "output | probability |  | [batch, 3] | 0",
      "loss | cross_entropy |  |  | 0",
    ]);
  });

  it("flows through whatever stands between its boxes", () => {
    expect(flowsOf(network)).toEqual([
      "dense_1 > relu",
      "dense_2 > cross_entropy",
      "dense_2 > softmax",
      "encoder > dense_1",
      "encoder > dense_1",
      // The second call reads the first; both reach the block's end beside its layers.
      "encoder > dense_2",
      "encoder > dense_2",
      "encoder > encoder",
      "label > cross_entropy",
      "relu > dense_2",
      "softmax > probability",
      "x > encoder",
    ]);
  });

  it("is drawn with each box once, above what it flows into", () => {
    const picture = networkPicture("M <x>", network);
    expect(picture).toContain('aria-label="M &lt;x&gt;"');
    expect(picture.match(/<rect class="layer"/g)).toHaveLength(4);
    expect(picture.match(/<rect class="group"/g)).toHaveLength(1);
    expect(picture.match(/marker-end/g)).toHaveLength(network.flows.length);
    expect(picture).not.toContain("NaN");
    const top = (title: string): number =>
      Number(new RegExp(`y="([\\d.]+)">${title}<`).exec(picture)?.[1]);
    expect(top("x")).toBeLessThan(top("dense_1"));
    expect(top("dense_1")).toBeLessThan(top("relu"));
    expect(top("softmax")).toBeLessThan(top("probability"));
  });
});

it("a layer of a recurrence stays closed: what runs within is of a turn", () => {
  const { boxes } = networkIn(`
layer cell(x: [batch, time, n]): [batch, n] {
  return scan p in x along 1 {
    carry h: [batch, n] = 0
    h <- tanh(p + dense(h, n))
  }
}
model M {
  input x: [batch, time, 4]
  output y = cell(x)
}`);
  expect(boxes.map(({ title, parameters }) => `${title} ${parameters}`)).toEqual([
    "cell_1 20",
    "x 0",
    "y 0",
  ]);
});
