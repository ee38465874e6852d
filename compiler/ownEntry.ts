// Takes a record by names that users chose, gives the entry of a name: `constructor` and its like are names as all others.

export function ownEntry<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
