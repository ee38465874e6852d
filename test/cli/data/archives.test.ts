// In: archives of arrays, sound, damaged and large; out: that what is asked for is read and checked, and the rest left alone.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { DataError } from "../../../cli/data/array.js";
import { openNpy } from "../../../cli/data/npy.js";
import { openNpz } from "../../../cli/data/npz.js";
import { openData } from "../../../cli/data/source.js";
import { readTensorFile } from "../../../cli/data/tensors.js";
import { readSafetensors, writeSafetensors } from "../../../runtime/safetensors.js";
import { bytesOf, npy, temporaryFolder } from "./files.js";
import { countedSource, readNpz, readWhole } from "./reading.js";

const folder = temporaryFolder();
const counting = (length: number): Float32Array => Float32Array.from({ length }, (_, at) => at);

describe("npz", () => {
  const array = npy("<f4", [300_000], bytesOf(counting(300_000)));
  test.each([0, 6] as const)("a wrong checksum is refused, at deflate level %i", async (level) => {
    const zip = zipSync({ "a.npy": array }, { level });
    const view = new DataView(zip.buffer);
    for (let at = 0; at + 46 < zip.length; at++)
      if (view.getUint32(at, true) === 0x02014b50)
        view.setUint32(at + 16, view.getUint32(at + 16, true) ^ 1, true);
    await expect(readNpz(zip)).rejects.toMatchObject({
      code: "npz-zip",
      message: expect.stringContaining("CRC-32") as string,
    });
    // A part of a small member too is taken only once all of it is checked.
    const { open } = await openNpz(countedSource(zip, "x.npz").source);
    await expect(readWhole(await open("a"), 0, 2)).rejects.toMatchObject({ code: "npz-zip" });
  });
  test("one byte of the data changed is refused", async () => {
    const zip = zipSync({ "a.npy": array }, { level: 0 });
    zip[1_100_000] = (zip[1_100_000] ?? 0) ^ 1;
    await expect(readNpz(zip)).rejects.toMatchObject({ code: "npz-zip" });
  });
  test("the last rows of a large stored member are read where they lie", async () => {
    const rows = 1_500_000;
    const large = npy("<f8", [rows, 2], new Uint8Array(16 * rows).fill(63));
    const { source, total } = countedSource(zipSync({ "a.npy": large }, { level: 0 }), "x.npz");
    const { open } = await openNpz(source);
    const reader = await open("a");
    const { data } = await readWhole(reader, 2 * rows - 2, 2 * rows);
    expect([...data]).toEqual([...new Float64Array(new Uint8Array(16).fill(63).buffer)]);
    expect(total()).toBeLessThan(3_000_000);
  });
  test("a member that is not asked for is not looked at", async () => {
    const zip = zipSync({
      "a.npy": npy("|u1", [2], Uint8Array.of(1, 2)),
      "objects.npy": npy("|O", [1], new Uint8Array(8)),
      "b.npy": Uint8Array.of(1, 2, 3),
    });
    const { names, open } = await openNpz(countedSource(zip, "x.npz").source);
    expect(names).toEqual(["a", "objects", "b"]);
    expect([...(await readWhole(await open("a"))).data]).toEqual([1, 2]);
    await expect(open("objects")).rejects.toMatchObject({ code: "npy-header" });
  });
  test("two members of one name are refused", async () => {
    const zip = zipSync({
      "a.npy": npy("|u1", [1], Uint8Array.of(1)),
      "b.npy": npy("|u1", [1], Uint8Array.of(2)),
    });
    const text = Buffer.from(zip);
    for (let at = text.indexOf("b.npy"); at >= 0; at = text.indexOf("b.npy")) text.write("a", at);
    await expect(readNpz(text)).rejects.toMatchObject({ code: "npz-zip" });
  });
  const python = "import zipfile,io,sys\n";
  test.runIf(existsSync("/usr/bin/python3"))("64-bit fields are read as Python writes them", () => {
    const script = `${python}b=io.BytesIO()
z=zipfile.ZipFile(b,'w',zipfile.ZIP_DEFLATED)
with z.open('a.npy','w',force_zip64=True) as f: f.write(sys.stdin.buffer.read())
z.close()
sys.stdout.buffer.write(b.getvalue())`;
    const input = npy("|u1", [3], Uint8Array.of(7, 8, 9));
    const zip = execFileSync("/usr/bin/python3", ["-c", script], { input });
    return expect(readNpz(zip)).resolves.toMatchObject([{ name: "a", shape: [3] }]);
  });
  test("the directory of an archive with 64-bit records", async () => {
    const [array64] = await readNpz(zip64(npy("|u1", [3], Uint8Array.of(7, 8, 9))));
    expect(array64 && [...array64.data]).toEqual([7, 8, 9]);
  });
});

/** A stored member `a.npy` whose sizes and place stand in 64-bit fields only (APPNOTE 4.3.14 to 4.3.16, 4.5.3). */
function zip64(body: Uint8Array): Uint8Array {
  const plain = Buffer.from(zipSync({ "a.npy": body }, { level: 0 }));
  const directory = plain.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  const end = plain.indexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const member = Buffer.from(plain.subarray(directory, directory + 46 + 5));
  member.writeUInt32LE(0xffffffff, 20);
  member.writeUInt32LE(0xffffffff, 24);
  member.writeUInt32LE(0xffffffff, 42);
  member.writeUInt16LE(28, 30);
  member.writeUInt16LE(0, 32);
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(24, 2);
  extra.writeBigUInt64LE(BigInt(body.length), 4);
  extra.writeBigUInt64LE(BigInt(body.length), 12);
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(1n, 24);
  record.writeBigUInt64LE(1n, 32);
  record.writeBigUInt64LE(BigInt(member.length + extra.length), 40);
  record.writeBigUInt64LE(BigInt(directory), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(directory + member.length + extra.length), 8);
  locator.writeUInt32LE(1, 16);
  const last = Buffer.from(plain.subarray(end));
  last.writeUInt32LE(0xffffffff, 12);
  last.writeUInt32LE(0xffffffff, 16);
  return Buffer.concat([plain.subarray(0, directory), member, extra, record, locator, last]);
}

describe("safetensors", () => {
  test("a tensor that is not asked for does no harm, whatever its type", async () => {
    const tensors = new Map([
      ["x", { dtype: "F32" as const, shape: [2], data: bytesOf(counting(2)) }],
      ["z", { dtype: "U8" as const, shape: [2], data: Uint8Array.of(1, 2) }],
    ]);
    const bytes = Buffer.from(writeSafetensors(tensors));
    bytes.write('"F8"', bytes.indexOf('"U8"'));
    const source = await openData(folder.put("f8.safetensors", bytes));
    if (source.kind !== "archive") throw new Error("no archive");
    expect([...(await readWhole(await source.archive.open("x"))).data]).toEqual([0, 1]);
    await expect(source.archive.open("z")).rejects.toMatchObject({ code: "safetensors-dtype" });
    await source.close();
    const weights = readTensorFile(bytes, "f8.safetensors");
    expect([...weights.tensors.keys(), ...weights.skipped]).toEqual(["x", "z"]);
    expect(readSafetensors(weights.bytes).tensors.get("x")?.shape).toEqual([2]);
    expect(() => readTensorFile(bytes.subarray(0, -1), "f8.safetensors")).toThrow(DataError);
  });
});

describe("ranges", () => {
  const shape = [50_000, 20];
  const rowMajor = npy("<f4", shape, bytesOf(counting(1_000_000)));
  test("the rows asked for are read and no others", async () => {
    const { source, furthest } = countedSource(rowMajor, "x.npy");
    const reader = await openNpy(source, "x");
    expect([...(await readWhole(reader, 40, 60)).data]).toEqual(
      Array.from({ length: 20 }, (_, at) => 40 + at),
    );
    expect(furthest()).toBeLessThan(70_000);
    expect([...(await readWhole(reader, 999_998, 1_000_000)).data]).toEqual([999_998, 999_999]);
  });
  test("columns of Fortran's order give their rows", async () => {
    // element [i, j, k] of shape [100, 3, 2] is 1000 i + 10 j + k
    const columnMajor: number[] = [];
    for (let k = 0; k < 2; k++)
      for (let j = 0; j < 3; j++)
        for (let i = 0; i < 100; i++) columnMajor.push(1000 * i + 10 * j + k);
    const bytes = npy("<i4", [100, 3, 2], bytesOf(Int32Array.from(columnMajor)), { fortran: true });
    const expected = [50, 51].flatMap((i) =>
      [0, 1, 2].flatMap((j) => [0, 1].map((k) => 1000 * i + 10 * j + k)),
    );
    for (const file of [
      folder.put("fortran.npy", bytes),
      folder.put("fortran.npy.gz", gzipSync(bytes)),
    ]) {
      const source = await openData(file);
      if (source.kind !== "array") throw new Error("no array");
      expect([...(await readWhole(source.array, 300, 312)).data]).toEqual(expected);
      expect([...(await readWhole(source.array, 302, 309)).data]).toEqual(expected.slice(2, 9));
      await source.close();
    }
  });
  test("a gzipped file is unpacked no further than is asked for, and checked to its end", async () => {
    const packed = gzipSync(rowMajor);
    const source = await openData(folder.put("rows.npy.gz", packed));
    if (source.kind !== "array") throw new Error("no array");
    expect([...(await readWhole(source.array, 2, 4)).data]).toEqual([2, 3]);
    await source.close();
    const left = folder.put("left.npy.gz", gzipSync(Buffer.concat([rowMajor, Uint8Array.of(1)])));
    const longer = await openData(left);
    if (longer.kind !== "array") throw new Error("no array");
    await expect(readWhole(longer.array)).rejects.toMatchObject({ code: "data-length" });
  });
});
