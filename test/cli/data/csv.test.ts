// In: texts of tables, sound and odd; out: that every row and every value of them is read, or refused by its place.
import { describe, expect, test } from "vitest";
import { openCsv } from "../../../cli/data/csv.js";
import { generator } from "./files.js";
import { countedSource, readCsv } from "./reading.js";
import type { CsvReading } from "./reading.js";
import { processorTime } from "../../support/processorTime.js";

const numbers = async (text: string, options?: CsvReading): Promise<unknown> => {
  const { shape, data } = await readCsv(text, options);
  return { shape, data };
};

/** Refused by its place, wherever the blocks that are read end. */
async function refusedQuotes(
  text: string,
  said: { readonly row: number | undefined; readonly header: boolean; readonly reason: string },
): Promise<void> {
  const { row, header, reason } = said;
  const limits = { longestRow: 1 << 20, leastText: 1 };
  const place = row === undefined ? "the header" : `row ${row}`;
  for (const block of [undefined, 1, 2, 3, 5, 7]) {
    const cut = block === undefined ? {} : { block, limits };
    await expect(numbers(text, { header, ...cut })).rejects.toMatchObject({
      code: "csv-quotes",
      row,
      message: `${place}: ${reason}`,
    });
  }
}

describe("what a table holds", () => {
  const odd = '\uFEFFa,"b, c",d\r\n1,"2",3\r\n-1e2, +.5 ,"7."\r\n\r\n';
  test("header, columns in the order asked for, quotes, signs and exponents", async () => {
    expect(await numbers(odd)).toEqual({ shape: [2, 3], data: [1, 2, 3, -100, 0.5, 7] });
    const columns = ["d", "a"];
    expect(await numbers(odd, { columns })).toEqual({ shape: [2, 2], data: [3, 1, 7, -100] });
  });
  test("semicolons and tabs", async () => {
    expect(await numbers("a;b\n1;2\n")).toEqual({ shape: [1, 2], data: [1, 2] });
    expect(await numbers("a\tb\n1\t2")).toEqual({ shape: [1, 2], data: [1, 2] });
  });
  test.each([";", ",", "\t", "|"])("a first line that says sep=%s", async (sign) => {
    const rest = `${sign}b\r\n1${sign}2\r\n`;
    for (const said of [`sep=${sign}`, `"sep=${sign}"`, `\uFEFFSEP=${sign}`])
      expect(await numbers(`${said}\r\na${rest}`)).toEqual({ shape: [1, 2], data: [1, 2] });
    await expect(numbers(`sep=${sign}\na${sign}b\n1${sign}x\n`)).rejects.toMatchObject({ row: 0 });
  });
  test("empty cells and nan are missing, inf is infinite", async () => {
    const data = [NaN, NaN, -Infinity];
    expect(await numbers("a,b,c\n,NaN,-inf\n")).toEqual({ shape: [1, 3], data });
  });
  test.each([
    ["\n", "a,b\n1,2\n3,4\n"],
    ["\r\n", "a,b\r\n1,2\r\n3,4\r\n"],
    ["\r", "a,b\r1,2\r3,4\r"],
    ["\r\n, then \n", "a,b\r\n1,2\n3,4\n"],
    ["\n, then \r\n", "a,b\n1,2\r\n3,4\r\n"],
    ["all three", "a,b\r1,2\r\n3,4\n"],
    ["\r\r\n", "a,b\r\r\n1,2\r\r\n3,4\r\r\n"],
    ["none at the end", "a,b\n1,2\r\n3,4"],
    ["empty lines between", "\n\na,b\n\n1,2\r\n\r\n3,4\n\n\n"],
  ])("lines that end in %j", async (_what, text) => {
    expect(await numbers(text)).toEqual({ shape: [2, 2], data: [1, 2, 3, 4] });
  });
  test.each([
    ["an empty line is a row whose cell is empty", "a\n1\n\n3\n", [1, NaN, 3]],
    ["the first one and the last one too", "a\r\n\r\n2\r\n\r\n", [NaN, 2, NaN]],
    ["quoted or not", 'a\n1\n""\n3', [1, NaN, 3]],
  ])("in one column, %s", async (_what, text, data) => {
    expect(await numbers(text)).toEqual({ shape: [data.length, 1], data });
  });
  test("separators at the ends of all lines make no column", async () => {
    expect(await numbers("a,b,\n1,2,\n3,4,\n")).toEqual({ shape: [2, 2], data: [1, 2, 3, 4] });
    await expect(numbers("a,b,\n1,2,3\n")).rejects.toMatchObject({ code: "csv-row", row: 0 });
    await expect(numbers("a,b\n1,2,\n")).rejects.toMatchObject({
      code: "csv-row",
      hint: "the line ends with a separator, which the header does not",
    });
  });
  test("however a file is cut into blocks, it is the same", async () => {
    const next = generator(11);
    const cells = Array.from({ length: 60 }, () => {
      const value = (next(20000) - 10000) / 8;
      return [String(value), `"${value}"`, ` ${value} `, `"${value}" `][next(4)] ?? "";
    });
    const ends = ["\n", "\r\n", "\r", "\r\r\n"];
    const lines = cells.flatMap((cell, at) =>
      at % 3 === 0 ? [[cell, cells[at + 1], cells[at + 2]].join(",") + (ends[next(3)] ?? "")] : [],
    );
    const text = `a,"b ""é"" 
c",d\r\n${lines.join("")}`;
    const whole = await readCsv(text);
    expect(whole.shape).toEqual([20, 3]);
    // Where little text is waited for, every block is parsed by itself.
    const limits = { longestRow: 1 << 20, leastText: 16 };
    for (const block of [1, 2, 3, 5, 7, 64]) {
      expect(await readCsv(text, { block })).toEqual(whole);
      expect(await readCsv(text, { block, limits })).toEqual(whole);
    }
  });
});

describe("the header", () => {
  test("a first line of numbers is refused, until it is said what it is", async () => {
    const text = "5.1,3.5\n4.9,3\n";
    await expect(numbers(text)).rejects.toMatchObject({
      code: "csv-header",
      hint: expect.stringContaining("--no-header") as string,
    });
    expect(await numbers(text, { header: false })).toEqual({
      shape: [2, 2],
      data: [5.1, 3.5, 4.9, 3],
    });
    expect(await numbers(text, { header: false, columns: ["#1"] })).toEqual({
      shape: [2, 1],
      data: [3.5, 3],
    });
    expect(await numbers(text, { header: true, columns: ["3.5"] })).toEqual({
      shape: [1, 1],
      data: [3],
    });
  });
  test.each(["1,,2", "1,NA,2", "nan,-inf,3", '"1,5",2,3', "1_000,?,-", "5%,1e3,0"])(
    "a first line of values, %s, is not taken for names",
    async (line) => {
      await expect(numbers(`${line}\n1,2,3\n`)).rejects.toMatchObject({ code: "csv-header" });
    },
  );
  test("names with digits in them are names", async () => {
    expect(await numbers("x1,2nd,3d\n1,2,3\n")).toMatchObject({ data: [1, 2, 3] });
    expect(await numbers("country,2019,2020\n1,2,3\n")).toMatchObject({ data: [1, 2, 3] });
  });
  test("without a header, an empty first line of one column is a row as others are", async () => {
    expect(await numbers("1\n\n2\n", { header: false })).toEqual({
      shape: [3, 1],
      data: [1, NaN, 2],
    });
  });
  test("two columns of one name do no harm unless they are meant", async () => {
    const text = "a,a,b\n1,2,3\n";
    expect(await numbers(text, { columns: ["b"] })).toEqual({ shape: [1, 1], data: [3] });
    await expect(numbers(text)).rejects.toMatchObject({ code: "csv-header" });
    await expect(numbers(text, { columns: ["a"] })).rejects.toMatchObject({ code: "csv-header" });
  });
  test("a column without a name has to be passed over by picking others", async () => {
    const text = ",a,b\n0,1,2\n1,3,4\n";
    await expect(numbers(text)).rejects.toMatchObject({ code: "csv-header" });
    expect(await numbers(text, { columns: ["a", "b"] })).toMatchObject({ data: [1, 2, 3, 4] });
  });
  test("an unknown column lists those there are, and the nearest", async () => {
    await expect(numbers("a,b\n1,2\n", { columns: ["zzz"] })).rejects.toMatchObject({
      code: "csv-column",
      hint: "the columns are a, b",
    });
    await expect(numbers("height,b\n1,2\n", { columns: ["heigth"] })).rejects.toMatchObject({
      hint: expect.stringContaining('did you mean "height"?') as string,
    });
    await expect(numbers("a,b\n1,2\n", { columns: ["a", "a"] })).rejects.toMatchObject({
      code: "csv-column",
    });
  });
});

describe("refusals", () => {
  const limits = { longestRow: 1 << 20, leastText: 10 };
  test.each([
    ["text", "a,b\n1,2\n3,cat\n", "csv-text", 1],
    ["hexadecimal", "a\n0x10\n", "csv-text", 0],
    ["digits in groups of the language", "a\n1_000\n", "csv-text", 0],
    ["thousands separators", 'a,b\n1,"1,000"\n', "csv-text", 0],
    ["a decimal comma", "a;b\n1,5;2\n", "csv-text", 0],
    ["more than a double holds", "a\n1\n1e999\n", "csv-text", 1],
    ["a word for a missing value", "a\nNA\n", "csv-text", 0],
    ["a short row", "a,b\n1,2\n3\n", "csv-row", 1],
    ["a long row", "a,b\n1,2,3\n", "csv-row", 0],
    ["a line of spaces", "a,b\n1,2\n  \n", "csv-row", 1],
    ["a paragraph's end before a number", "a,b\n1,\u20295\n", "csv-text", 0],
    ["a space that does not break", "a,b\n1,5\u00a0\n", "csv-text", 0],
    ["a byte order mark before a number", "a,b\n1,\ufeff5\n", "csv-text", 0],
    ["a line's end within a quoted number", 'a,b\n1,"5\n"\n', "csv-text", 0],
    ["a separator of lines alone", "a,b\n1,\u2028\n", "csv-text", 0],
    ["an open quote", 'a,b\n1,2\n"3,4\n', "csv-quotes", 1],
    ["letters after a quote", 'a,b\n1,2\n"3"x,4\n5,6\n', "csv-quotes", 1],
    ["an empty file", "", "csv-header", undefined],
    ["a file of empty lines", "\n\n", "csv-header", undefined],
    ["a header of no names", ",,\n1,2,3\n", "csv-header", undefined],
  ])("%s is refused by row", async (_what, text, code, row) => {
    await expect(numbers(text)).rejects.toMatchObject({ name: "DataError", code, row });
    for (const block of [1, 2, 3, 4, 5, 6, 7, 8])
      await expect(numbers(text, { block, limits })).rejects.toMatchObject({ code, row });
  });
  test.each([
    ["without a header, rows count from the first line", '1,2\n"3,4\n5,6\n', 1, false],
    ["its first line too", '"1,2\n3,4\n', 0, false],
    ["empty lines count where they are rows", 'a\n\n1\n"2\n', 2, true],
    ["and not where they are none", 'a,b\n\n1,2\n\n"3,4\n', 1, true],
    ["in the header", 'a,"b\n1,2\n', undefined, true],
    ["a quote in the next row is not its end", 'a,b\n1,2\n"3,4\n"5",6\n', 1, true],
  ] as const)("a quote without its end is told by its row: %s", (_what, text, row, header) =>
    refusedQuotes(text, { row, header, reason: "a quote is opened and not closed" }),
  );
  test.each([
    ["a letter", 'a,b\n1,2\n"3"x,4\n"5,6\n', 1, true],
    ["a word within", 'a,b\n"the ""old"" "one" here",2\n', 0, true],
    ["another quoted text", 'a,b\n1,2\n3,"4" "5"\n', 1, true],
    ["at the end of the file", 'a,b\n1,2\n3,"4"5', 1, true],
    ["a letter in the header", 'a,"b"c\n1,2\n', undefined, true],
  ] as const)("text behind a closed quote is told by its row: %s", (_what, text, row, header) =>
    refusedQuotes(text, { row, header, reason: "text follows the quote that closes a cell" }),
  );
  test("what cannot be seen around a number is named", async () => {
    await expect(numbers("a,b\n1,\u20295\n")).rejects.toMatchObject({
      hint: "only spaces and tabs may stand around a number, and U+2029 stands there",
    });
    expect(await numbers("a,b\n \t1\t,  2 \n")).toMatchObject({ data: [1, 2] });
  });
  test("a row of very many characters has lost a quote, and is not read to its end", async () => {
    const text = `a,b\n1,2\n"3,4\n${"5,6\n".repeat(5000)}`;
    const bytes = new TextEncoder().encode(text);
    const { source, furthest } = countedSource(bytes, "x.csv", 100);
    const table = await openCsv(source, { limits: { longestRow: 1000, leastText: 16 } });
    const rows = { begin: 0, end: undefined };
    const error = { code: "csv-quotes", row: 1 };
    await expect(table.read([], rows)).rejects.toMatchObject(error);
    expect(furthest()).toBeLessThan(2000);
    const endless = countedSource(new TextEncoder().encode("5,6,".repeat(5000)), "x.csv", 100);
    await expect(
      openCsv(endless.source, { limits: { longestRow: 1000, leastText: 2000 } }),
    ).rejects.toMatchObject({ code: "csv-quotes", row: undefined });
    expect(endless.furthest()).toBeLessThan(2000);
    // Rows that are each shorter are no such row, however many they are.
    const many = `a,b\n${"5,6\n".repeat(5000)}`;
    for (const block of [100, 10_000])
      expect(
        await readCsv(many, { block, limits: { longestRow: 1000, leastText: 16 } }),
      ).toMatchObject({ shape: [5000, 2] });
  });
  test("a cell that is no number is told with its column and what to do", async () => {
    await expect(numbers("a,b\n1,2\n3,NA\n")).rejects.toMatchObject({
      message: 'row 1: "NA" in column "b" is not a number',
      hint: "a value that is missing is written as an empty cell or nan",
    });
  });
  test.each([
    ["Latin-1", Uint8Array.of(97, 10, 49, 10, 0xe9, 10), "0xe9 at offset 4", "latin1"],
    ["UTF-16", Uint8Array.of(0xff, 0xfe, 97, 0), "0xff at offset 0", "utf-16"],
    ["a character cut short", Uint8Array.of(97, 10, 0xe2, 0x82), "0xe2 at offset 2", "latin1"],
  ])("%s is told by its offset", async (_what, bytes, place, hint) => {
    for (const block of [undefined, 3]) {
      const reading = readCsv(bytes, block === undefined ? {} : { block });
      await expect(reading).rejects.toMatchObject({
        code: "text-encoding",
        message: expect.stringContaining(place) as string,
        hint: expect.stringContaining(hint) as string,
      });
    }
  });
});

describe("rows", () => {
  const lines = Array.from({ length: 20_000 }, (_, row) => `${row},${2 * row}\n`);
  const text = `a,b\n${lines.join("")}`;
  test("those asked for are read, and none behind them", async () => {
    const bytes = new TextEncoder().encode(text);
    const { source, furthest } = countedSource(bytes, "x.csv", 1024);
    const table = await openCsv(source);
    const data: number[] = [];
    const take = (values: Float64Array): void => {
      data.push(...values);
    };
    const total = await table.read([{ columns: [1], take }], { begin: 2, end: 5 });
    expect({ total, data }).toEqual({ total: undefined, data: [4, 6, 8] });
    expect(furthest()).toBeLessThan(80_000);
  });
  test("up to the end, their number is known", async () => {
    const rows = { begin: 19_998, end: undefined };
    expect(await readCsv(text, { rows, block: 1000 })).toEqual({
      shape: [2, 2],
      data: [19_998, 39_996, 19_999, 39_998],
      total: 20_000,
    });
    expect(await readCsv(text, { rows: { begin: 9, end: 30_000 } })).toMatchObject({
      total: 20_000,
    });
  });
  test("a mistake behind the rows asked for does no harm", async () => {
    const broken = "a\n1\n2\ncat\n";
    const rows = { begin: 0, end: 2 };
    expect(await readCsv(broken, { rows })).toMatchObject({ data: [1, 2] });
    expect(await readCsv('a\n1\n2\n"3\n', { rows })).toMatchObject({ data: [1, 2] });
    // Nor where the block that holds the last of them ends with it.
    const limits = { longestRow: 1 << 20, leastText: 4 };
    const cut = 'a\n1\n2\n"3"x\n';
    expect(await readCsv(cut, { rows, block: 6, limits })).toMatchObject({ data: [1, 2] });
    expect(await readCsv("a\n1\n2\n", { rows })).toMatchObject({ total: undefined });
  });
  test("10,000 columns take a time that is linear in them", async () => {
    const header = Array.from({ length: 10_000 }, (_, at) => `c${at}`);
    const row = header.map((_, at) => String(at)).join(",");
    const wide = `${header.join(",")}\n${row}\n${row}\n`;
    const started = processorTime();
    const { data } = await readCsv(wide, { columns: header });
    expect(data).toHaveLength(20_000);
    expect(processorTime() - started).toBeLessThan(2000);
  });
});
