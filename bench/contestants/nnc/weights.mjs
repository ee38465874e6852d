// The first weights of the workloads in; the same numbers under the names of our programs, as a safetensors file, out.

import { writeSafetensors } from "../../../build/runtime/index.js";
import { firstWeights } from "../../workloads.mjs";
import { transpose } from "./transpose.mjs";

/** How the parameters of each program are called elsewhere. */
const tables = {
  w1: () => mlp(firstWeights("mlp")),
  w2: () => cnn(firstWeights("cnn")),
  w3: () => lstm(firstWeights("lstm")),
  w5: () => transformer(firstWeights("transformer")),
  p256: () => ({ W: firstWeights("p256").w }),
  p1024: () => ({ W: firstWeights("p1024").w }),
};

export function weightsFile(program) {
  const tensors = Object.entries(tables[program]()).map(([name, { shape, data }]) => [
    name,
    { dtype: "F32", shape, data: new Uint8Array(data.buffer) },
  ]);
  return writeSafetensors(new Map(tensors));
}

function mlp({ w1, b1, w2, b2, w3, b3 }) {
  return { "d1.W": w1, "d1.b": b1, "d2.W": w2, "d2.b": b2, "d3.W": w3, "d3.b": b3 };
}

/** Channels stand last here, first in the table. */
function cnn({ k1, c1, k2, c2, w, b }) {
  const rows = transpose({ shape: [16, 16, 10], data: w.data }, [1, 0, 2]).data;
  return {
    "k1.W": transpose(k1, [2, 3, 1, 0]),
    "k1.b": c1,
    "k2.W": transpose(k2, [2, 3, 1, 0]),
    "k2.b": c2,
    "d.W": { shape: [256, 10], data: rows },
    "d.b": b,
  };
}

function lstm({ wx, wh, b, wo, bo }) {
  return { "cell.W": wx, "cell.U": wh, "cell.b": b, "d.W": wo, "d.b": bo };
}

function transformer(first) {
  const blocks = [0, 1].flatMap((layer) => [
    [`l${layer}.n1.scale`, first[`g1${layer}`]],
    [`l${layer}.n1.shift`, first[`n1${layer}`]],
    [`l${layer}.a.Wqkv`, first[`qkv${layer}`]],
    [`l${layer}.a.Wo`, first[`o${layer}`]],
    [`l${layer}.n2.scale`, first[`g2${layer}`]],
    [`l${layer}.n2.shift`, first[`n2${layer}`]],
    [`l${layer}.up.W`, first[`up${layer}`]],
    [`l${layer}.up.b`, first[`ub${layer}`]],
    [`l${layer}.dn.W`, first[`dn${layer}`]],
    [`l${layer}.dn.b`, first[`db${layer}`]],
  ]);
  return {
    "emb.table": first.emb,
    position: first.pos,
    "nf.scale": first.gf,
    "nf.shift": first.nf,
    "head.W": first.head,
    ...Object.fromEntries(blocks),
  };
}
