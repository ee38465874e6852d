// Takes no input, gives the type of what a `*.words.js` file exports, which the generator writes in place of this: what each refusal says, by its number.

export const words: Readonly<Record<number, (...values: readonly unknown[]) => string>> = {};
