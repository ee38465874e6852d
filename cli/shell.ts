// An argument of a command in; the same as a shell takes it, out.

/** In single quotes where a shell would take a part of it for its own. */
export function quoted(argument: string): string {
  return /^[\w./:,=+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
