// Takes the tokens of shaders in their order, gives their names short ones: those that stood where earlier tokens were alike, so that what is alike becomes the same text.

/** How many tokens have to agree for what follows them to be taken for alike: the more the better. */
const contexts = [40, 20, 10, 5];

export interface Namer {
  /** The next token of a shader, and what it becomes. */
  next(token: Token): string;
}

export type Token =
  | { readonly kind: "word" | "name"; readonly as: string }
  | {
      readonly kind: "declared";
      readonly isFree: (name: string) => boolean;
      /** One that is free. */
      readonly fresh: () => string;
    };

export function createNamer(): Namer {
  /** What was given out, and the same with one sign for all names and one for all numbers. */
  const given: string[] = [];
  const plain: string[] = [];
  const signs = new Map<string, number>();
  const numbers: number[] = [];
  /** The latest place that followed tokens as these, by their hash: of two that have one, names are less alike. */
  const places = new Map<number, number>();
  /** The place that is like the present one. */
  let like: number | undefined;
  const hashOf = (length: number): number =>
    numbers.slice(-length).reduce((hash, each) => Math.imul(hash ^ each, 16777619), length);
  return {
    next: (token) => {
      const sign = signOf(token);
      const hashes = contexts.map(hashOf);
      if (like === undefined || plain[like] !== sign)
        like = hashes.map((hash) => places.get(hash)).find((place) => plain[place ?? -1] === sign);
      const name = token.kind === "declared" ? chosen(token, given[like ?? -1]) : token.as;
      for (const hash of hashes) places.set(hash, plain.length);
      given.push(name);
      plain.push(sign);
      const number = signs.get(sign) ?? signs.size;
      signs.set(sign, number);
      numbers.push(number);
      if (like !== undefined) like++;
      return name;
    },
  };
}

function signOf(token: Token): string {
  if (token.kind !== "word") return "name";
  return /^\.?\d/.test(token.as) ? "number" : token.as;
}

function chosen(
  { isFree, fresh }: Extract<Token, { kind: "declared" }>,
  wish: string | undefined,
): string {
  return wish !== undefined && isFree(wish) ? wish : fresh();
}
