// Modules in; the same with short variables, which give what they gave, out.

import { expect, it } from "vitest";
import { shortenVariables } from "../../scripts/shortVariables.mjs";

function valueOf(text: string): unknown {
  return (0, eval)(`${text}\nresult`);
}

const source = `var result = ((plan, backend = plan) => {
  class Faulty extends Error { constructor(text) { super(text); this.self = Faulty.name.length > 0; } }
  const { name, sizes: [first, ...others], rest = name } = { name: "n", sizes: [1, 2, 3] };
  const inner = () => { const plan2 = first + 1; return ((backend2) => ({ plan, plan2, backend2, name }))(plan2 + 1); };
  let caught;
  try { throw new Faulty("t"); } catch (error) { caught = { error: error.message, self: error.self }; }
  const counted = [];
  for (const [key, value] of Object.entries({ a: first })) counted.push({ key, value, plan: backend });
  function add(value, plan) { return plan === undefined ? value : value + plan + others.length; }
  return { ...inner(), ...caught, counted, rest, sum: add(first, 4), least: add(1), max: Math.max(...others) };
})(7);`;

it("they stand for the same, whatever is around them", () => {
  const short = shortenVariables(source);
  expect(short).not.toMatch(/\bbackend\b|\bfirst\b|Faulty|caught/);
  expect(valueOf(short)).toEqual(valueOf(source));
});

it("what the source calls alike is called alike, as properties of that name are", () => {
  const short = shortenVariables(`var result = [
    (session) => { const { e } = session; return e + e; },
    (other, session) => session.e + other,
    (e) => ({ e: e }),
  ];`);
  const [first, second] = [/\((\w)\)=>/, /\(\w,(\w)\)=>/].map(
    (pattern) => pattern.exec(short.replace(/\s/g, ""))?.[1],
  );
  expect(first).toBeDefined();
  expect(second).toBe(first);
  expect(valueOf(short.replace("var", "globalThis.kept ="))).toBeDefined();
});

it("many that are seen together have names of their own, and none of the platform's", () => {
  const names = Array.from({ length: 300 }, (_, index) => `variable${"x".repeat(index)}`);
  const declared = names.map((name, index) => `${name}=${index}`).join(",");
  const text = `var result = (() => { let ${declared}; return [${names.join(",")}, typeof e, typeof Math]; })();`;
  expect(valueOf(shortenVariables(text))).toEqual(valueOf(text));
});
