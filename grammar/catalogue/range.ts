// The two digits of a range of codes come in; the type that a catalogue file of that range must satisfy goes out.

type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

/**
 * The titles of one range of codes: `CodeRange<"03">` admits `NN0300` to `NN0399` alone, so that two files
 * cannot claim one code, and an object literal refuses a key that stands twice.
 */
export type CodeRange<Range extends string> = Readonly<
  Partial<Record<`NN${Range}${Digit}${Digit}`, string>>
>;
