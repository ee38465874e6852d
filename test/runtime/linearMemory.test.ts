// Ranges taken and given back in; where they lie in one memory, and that each begins with zeros, out.

import { describe, expect, it } from "vitest";
import { createLinearMemory, type LinearMemory } from "../../runtime/linearMemory.js";
import { generator } from "../support/sampleValues.js";

const page = 65536;

/** A range that is taken, and filled so that others would be seen to touch it. */
interface Taken {
  readonly at: number;
  readonly bytes: number;
  readonly fill: number;
}

function viewOf({ memory }: LinearMemory, { at, bytes }: Taken): Uint8Array {
  return new Uint8Array(memory.buffer, at, bytes);
}

describe("a linear memory", () => {
  it("grows by what is missing, keeps what it holds, and leaves its first page empty", () => {
    const linear = createLinearMemory();
    const first = linear.take(100);
    expect(first).toBe(page);
    new Uint8Array(linear.memory.buffer, first, 100).fill(7);
    const second = linear.take(3 * page);
    expect(second).toBeGreaterThanOrEqual(first + 100);
    expect(linear.memory.buffer.byteLength).toBe(5 * page);
    expect(new Uint8Array(linear.memory.buffer, first, 100).every((byte) => byte === 7)).toBe(true);
  });

  it("takes again what was given back, joined with its neighbours, before it grows", () => {
    const linear = createLinearMemory();
    const [a = 0, b = 0, c = 0] = [page, page, page].map((bytes) => linear.take(bytes));
    const last = linear.take(16);
    const { byteLength } = linear.memory.buffer;
    linear.give(a, page);
    linear.give(c, page);
    linear.give(b, page);
    // All three, with what each was padded by.
    expect(linear.take(3 * page + 32)).toBe(a);
    linear.give(last, 16);
    linear.give(a, 3 * page + 32);
    expect(linear.take(3 * page)).toBe(a);
    expect(linear.memory.buffer.byteLength).toBe(byteLength);
  });

  it("gives ranges of zeros that never touch, whatever was taken and given back before", () => {
    const linear = createLinearMemory();
    const held: Taken[] = [];
    let most = 0;
    const next = generator(5);
    for (let turn = 0; turn < 400; turn++) {
      const index = Math.floor(next() * 12);
      const [old] = held.splice(index, 1);
      if (old) {
        expect(viewOf(linear, old).every((byte) => byte === old.fill)).toBe(true);
        linear.give(old.at, old.bytes);
      }
      const bytes = Math.ceil(next() * 4000);
      const range = { at: linear.take(bytes), bytes, fill: (turn % 255) + 1 };
      expect(range.at % 16).toBe(0);
      expect(viewOf(linear, range).every((byte) => byte === 0)).toBe(true);
      viewOf(linear, range).fill(range.fill);
      held.push(range);
      most = Math.max(most, held.length);
    }
    expect(most).toBeGreaterThan(8);
    for (const range of held)
      expect(viewOf(linear, range).every((byte) => byte === range.fill)).toBe(true);
    // Ranges are found again: twice the most that is held at once is room enough.
    expect(linear.memory.buffer.byteLength).toBeLessThan(page + 2 * 13 * 4032 + page);
  });

  it("throws where there is no more memory, and goes on with what there is", () => {
    const linear = createLinearMemory();
    expect(() => linear.take(2 ** 33)).toThrow(RangeError);
    expect(linear.take(16)).toBe(page);
  });
});
