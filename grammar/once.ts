// A way to make a costly tool comes in; a function that makes it at its first call and gives out the same one since, goes out.

/**
 * For tools alone that hold nothing between calls: the lexer and the parser take tens of milliseconds
 * to make, and whoever imports this folder without parsing should not pay for them.
 */
export function once<Tool>(make: () => Tool): () => Tool {
  let made: { readonly tool: Tool } | undefined;
  return () => (made ??= { tool: make() }).tool;
}
