// In: what was measured of a program; out: it as a table, the dearest dispatches first, and as data.
import { tableText, valueText } from "../numbers.js";
import type { DispatchProfile, Profile } from "./run.js";

export interface ProfiledProgram extends Profile {
  readonly model: string;
  readonly program: string;
  readonly dimensions: Readonly<Record<string, number>>;
}

interface Rates {
  readonly gigaflops: number;
  readonly gigabytes: number;
  /** Of the ceilings: 1 is all that the device was seen to do. */
  readonly ofMultiplyAdds: number;
  readonly ofCopies: number;
}

function totalOf({ dispatches }: Profile): number {
  return dispatches.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
}

function shareOf(profile: Profile, milliseconds: number): number {
  const total = totalOf(profile);
  return total > 0 ? milliseconds / total : 0;
}

/** A time of which only a bound is known has no rates. */
function ratesOf(profile: Profile, dispatch: DispatchProfile): Rates | undefined {
  const { milliseconds, below, flops, bytes } = dispatch;
  if (below !== undefined) return undefined;
  const perSecond = (count: number): number => count / milliseconds / 1e6;
  const { gigaflops: mostFlops, gigabytes: mostBytes } = profile.ceilings;
  const gigaflops = perSecond(flops);
  const gigabytes = perSecond(bytes);
  return {
    gigaflops,
    gigabytes,
    ofMultiplyAdds: gigaflops / mostFlops,
    ofCopies: gigabytes / mostBytes,
  };
}

export function profileData(profile: ProfiledProgram): object {
  const { dispatches, ...rest } = profile;
  return {
    ...rest,
    milliseconds: totalOf(profile),
    dispatches: dispatches.map((dispatch) => ({
      ...dispatch,
      share: shareOf(profile, dispatch.milliseconds),
      ...ratesOf(profile, dispatch),
    })),
  };
}

export function profileText(profile: ProfiledProgram): string {
  const { model, program, dimensions, place, method, rounds, ceilings, overhead, uncertainty } =
    profile;
  const least = rounds === 1 ? "in one round" : `the least of ${rounds} rounds`;
  const sizes = Object.entries(dimensions).map(([name, size]) => `${name} ${size}`);
  const where = sizes.length === 0 ? "" : `, ${sizes.join(", ")}`;
  return [
    `${model}, program ${program}${where}, on ${place}`,
    `${method}; ${least}, less the ${valueText(overhead)} ms that a run without a dispatch takes (± ${valueText(uncertainty)})`,
    "",
    tableText(rowsOf(profile), leftColumns),
    ...timesByPurpose(profile),
    "",
    `together ${valueText(totalOf(profile))} ms; the program undivided, with its inputs, ${valueText(profile.whole)} ms by the clock`,
    ...differenceOf(profile),
    ...untoldOf(profile),
    `ceilings of this device, the most seen now: ${valueText(ceilings.gigaflops)} GFLOP/s of multiply-adds or a dispatch, ${valueText(ceilings.gigabytes)} GB/s of a copy beyond caches or a dispatch`,
    "operations leave out what padding and masks do; bytes are an upper estimate, each element once, and caches move them faster than a copy beyond them",
  ].join("\n");
}

/** Both are the least of as many rounds: by more than this factor they differ for a reason. */
const alike = 4 / 3;

function differenceOf(profile: Profile): string[] {
  const together = totalOf(profile);
  const { whole } = profile;
  if (together > whole * alike)
    return [
      "dispatches one by one take longer: undivided they overlap, share threads or find what they read in caches",
    ];
  if (whole > together * alike)
    return [
      "undivided it takes longer: its inputs are taken to the device and checked, submissions take time, each dispatch finds caches that others have filled, and few rounds meet more of what else the machine does",
    ];
  return [];
}

function untoldOf({ dispatches }: Profile): string[] {
  if (dispatches.every(({ below }) => below === undefined)) return [];
  return [
    "of times behind < no more is known, beside what a run without a dispatch takes and how that varies: they have no rates, and set no ceiling",
  ];
}

/** What is spent on results, on gradients and on updates, where a program has more than results. */
function timesByPurpose(profile: Profile): string[] {
  const times = new Map<string, number>();
  for (const { purposes, milliseconds } of profile.dispatches) {
    const purpose = purposes.join(" and ");
    times.set(purpose, (times.get(purpose) ?? 0) + milliseconds);
  }
  if (times.size < 2) return [];
  const parts = [...times].sort(([, one], [, other]) => other - one);
  return ["", parts.map(([purpose, time]) => `${purpose} ${valueText(time)} ms`).join(", ")];
}

function rowsOf(profile: Profile): string[][] {
  const rows = profile.dispatches.map((dispatch, at) => ({ dispatch, at }));
  rows.sort((one, other) => other.dispatch.milliseconds - one.dispatch.milliseconds);
  const head = [
    "lines",
    "layers",
    "for",
    "dispatch",
    "ms",
    "share",
    "GFLOP/s",
    "of most",
    "GB/s",
    "of most",
  ];
  return [
    head,
    ...rows.map(({ dispatch, at }) => [
      // What only puts sums together has no line.
      shortList(dispatch.places.length === 0 ? [dispatch.name] : dispatch.places),
      shortList(dispatch.layers),
      dispatch.purposes.join(", "),
      dispatch.turns === 1 ? String(at) : `${at} (${dispatch.turns} ×)`,
      ...timeCells(profile, dispatch),
    ]),
  ];
}

/** Milliseconds, share and rates. */
function timeCells(profile: Profile, dispatch: DispatchProfile): string[] {
  const { milliseconds, below } = dispatch;
  const percent = (fraction: number): string =>
    `${(100 * fraction).toFixed(fraction < 0.1 ? 1 : 0)} %`;
  if (below !== undefined) return [below > 0 ? `< ${valueText(roundedUp(below))}` : "not told"];
  const rates = ratesOf(profile, dispatch);
  return [
    valueText(milliseconds),
    percent(shareOf(profile, milliseconds)),
    ...(rates === undefined
      ? []
      : [
          valueText(rates.gigaflops),
          percent(rates.ofMultiplyAdds),
          valueText(rates.gigabytes),
          percent(rates.ofCopies),
        ]),
  ];
}

/** To one digit. */
function roundedUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return Number((Math.ceil(value / unit) * unit).toPrecision(1));
}

/** Lines, layers and purposes. */
const leftColumns = 3;
/** More than these make a row that nobody reads. */
const mostListed = 2;

function shortList(names: readonly string[]): string {
  const more = names.length - mostListed;
  return names.slice(0, mostListed).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
