// Kernels that are wrong in one way each in; the verifier's word for it, out.

import { describe, expect, it } from "vitest";
import type { Expression, Kernel, Statement } from "../../compiler/kernel/ir.js";
import { verifyKernel } from "../../compiler/kernel/verify.js";

const f32 = (value: number): Expression => ({ kind: "literal", type: "f32", value });
const index = (value: number): Expression => ({ kind: "literal", type: "index", value });
const name = (of: string, type: "index" | "f32" | "bool" = "index"): Expression => ({
  kind: "variable",
  type,
  name: of,
});
const less = (left: Expression, right: Expression): Expression => ({
  kind: "op",
  type: "bool",
  op: "less",
  arguments: [left, right],
});
const store = (index: Expression, value: Expression, binding = 1): Statement => ({
  kind: "store",
  binding,
  index,
  value,
});

function kernel(body: readonly Statement[], rest: Partial<Kernel> = {}): Kernel {
  return {
    name: "made",
    target: "gpu",
    workgroupSize: 64,
    workgroups: 1,
    bindings: [
      { buffer: 0, type: "f32", written: false },
      { buffer: 1, type: "f32", written: true },
    ],
    uniforms: [],
    shared: [{ name: "shared1", type: "f32", length: 64 }],
    body,
    origins: [],
    flops: 0,
    ...rest,
  };
}

const good = store(name("invocation"), f32(1));
const barrier: Statement = { kind: "barrier", memory: "workgroup" };
const rank: Expression = { kind: "rank", type: "index" };
const across: Expression = { kind: "across", type: "f32", combine: "sum", of: f32(1) };
const meeting: Statement = {
  kind: "either",
  way: "subgroups",
  body: [{ kind: "let", name: "v1", value: across }],
  otherwise: [],
};

const quad: Expression = {
  kind: "op",
  type: "index",
  op: "divide",
  arguments: [name("invocation"), index(4)],
};
const together = (at: Expression): Expression => ({
  kind: "load",
  type: "f32",
  binding: 0,
  index: at,
  width: 4,
  together: true,
});

const wrong: readonly (readonly [string, Kernel, string])[] = [
  [
    "elements of one invocation, loaded by its quad",
    kernel([{ kind: "let", name: "q1", value: together(name("invocation")) }, good]),
    "not all of a quad load together",
  ],
  [
    "elements of a quad that some of it load",
    kernel([
      {
        kind: "if",
        condition: less(name("localIndex"), name("invocation")),
        body: [{ kind: "let", name: "q1", value: together(quad) }],
      },
      good,
    ]),
    "not all of a quad load together",
  ],
  [
    "a name that is not there",
    kernel([store(name("j1"), f32(1))]),
    "j1 is used before it is named",
  ],
  [
    "a name out of its block",
    kernel([
      {
        kind: "if",
        condition: less(name("localIndex"), index(3)),
        body: [{ kind: "let", name: "j1", value: index(1) }],
      },
      store(name("j1"), f32(1)),
    ]),
    "j1 is used before it is named",
  ],
  [
    "a constant that is assigned",
    kernel([
      { kind: "let", name: "v1", value: f32(1) },
      { kind: "assign", name: "v1", value: f32(2) },
      good,
    ]),
    "v1 is assigned and is no variable",
  ],
  [
    "an index that is no integer",
    kernel([store(f32(1), f32(1))]),
    "store: f32 where index is wanted",
  ],
  [
    "a value of another type",
    kernel([store(index(0), index(1))]),
    "store: index where f32 is wanted",
  ],
  [
    "a store to what is read-only",
    kernel([store(index(0), f32(1), 0)]),
    "b1 is stored to and is not writable",
  ],
  [
    "a sum of different types",
    kernel([
      store(index(0), { kind: "op", type: "f32", op: "add", arguments: [f32(1), index(1)] }),
    ]),
    "add of f32, index as f32",
  ],
  ["a literal that is no number", kernel([store(index(0), f32(NaN))]), "a literal is not finite"],
  ["an infinite index", kernel([store(index(Infinity), f32(1))]), "a literal is not finite"],
  [
    "a barrier that some invocations miss",
    kernel([{ kind: "if", condition: less(name("localIndex"), index(3)), body: [barrier] }, good]),
    "a barrier that not all invocations reach",
  ],
  [
    "a barrier under a name that invocations do not have alike",
    kernel([
      { kind: "let", name: "c1", value: less(name("localIndex"), index(3)) },
      { kind: "if", condition: name("c1", "bool"), body: [barrier] },
      good,
    ]),
    "a barrier that not all invocations reach",
  ],
  [
    "a barrier in a loop of different lengths",
    kernel([
      {
        kind: "for",
        name: "k1",
        from: name("localIndex"),
        below: index(9),
        step: 1,
        body: [barrier],
      },
      good,
    ]),
    "a barrier that not all invocations reach",
  ],
  [
    "a value that is called as a uniform is",
    kernel([{ kind: "let", name: "s1", value: index(1) }, good], {
      uniforms: [{ kind: "argument", type: "u32", index: 0 }],
    }),
    "s1 is named twice",
  ],
  [
    "a loop that is called as a value around it is",
    kernel([
      { kind: "let", name: "p1", value: index(1) },
      { kind: "for", name: "p1", from: index(0), below: index(9), step: 1, body: [good] },
    ]),
    "p1 is named twice",
  ],
  [
    "a barrier on the CPU",
    kernel([barrier, store(index(0), f32(1))], { target: "cpu" }),
    "a barrier on the CPU",
  ],
  [
    "subgroups on the CPU",
    kernel([meeting, store(index(0), f32(1))], { target: "cpu" }),
    "subgroups on the CPU",
  ],
  [
    "subgroups that not all of a workgroup come to",
    kernel([{ kind: "if", condition: less(name("localIndex"), index(3)), body: [meeting] }, good]),
    "not all of a subgroup come here",
  ],
  [
    "subgroups that meet in a loop of different lengths",
    kernel([
      {
        kind: "either",
        way: "subgroups",
        otherwise: [],
        body: [
          {
            kind: "stride",
            name: "k1",
            ...{ from: rank, below: index(9), by: index(2) },
            body: [{ kind: "let", name: "v1", value: across }],
          },
        ],
      },
      good,
    ]),
    "not all of a subgroup come here",
  ],
  [
    "subgroups that meet on every device",
    kernel([{ kind: "let", name: "v1", value: across }, good]),
    "not all of a subgroup come here",
  ],
  [
    "a value of a subgroup of another type",
    kernel([
      {
        kind: "either",
        way: "subgroups",
        otherwise: [],
        body: [{ kind: "let", name: "v1", value: { ...across, type: "index" } }],
      },
      good,
    ]),
    "across a subgroup: f32 as index",
  ],
  ["nothing that is stored", kernel([]), "nothing is stored"],
  [
    "too many bindings",
    kernel([good], {
      bindings: Array.from({ length: 9 }, (_, buffer) => ({ buffer, type: "f32", written: true })),
    }),
    "9 storage bindings, 8 are promised",
  ],
  [
    "too much workgroup memory",
    kernel([good], { shared: [{ name: "shared1", type: "f32", length: 5000 }] }),
    "20000 bytes of workgroup memory",
  ],
];

describe("the verifier finds", () => {
  it.each(wrong)("%s", (_, made, fault) => {
    expect(verifyKernel(made)).toEqual([fault]);
  });
});

it("the verifier accepts a barrier in loops whose names all have from the workgroup", () => {
  const body: readonly Statement[] = [
    { kind: "let", name: "j1", value: name("workgroupIndex") },
    {
      kind: "for",
      name: "e0",
      from: index(0),
      below: name("j1"),
      step: 1,
      body: [{ kind: "if", condition: less(name("e0"), index(3)), body: [barrier] }],
    },
    good,
  ];
  expect(verifyKernel(kernel(body))).toEqual([]);
});

it("the verifier accepts a barrier that depends on the workgroup alone", () => {
  const body: readonly Statement[] = [
    { kind: "if", condition: less(name("workgroupIndex"), index(3)), body: [barrier] },
    good,
  ];
  expect(verifyKernel(kernel(body))).toEqual([]);
});

it("the verifier accepts what a quad loads together that comes whole", () => {
  const body: readonly Statement[] = [
    { kind: "let", name: "j1", value: quad },
    {
      kind: "if",
      condition: less(name("j1"), index(30)),
      body: [{ kind: "let", name: "q1", value: together(name("j1")) }],
    },
    {
      kind: "if",
      condition: less(name("invocation"), index(128)),
      body: [{ kind: "let", name: "q1", value: together(name("j1")) }],
    },
    good,
  ];
  expect(verifyKernel(kernel(body))).toEqual([]);
});
