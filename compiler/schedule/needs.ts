// Takes what each group of parts needs as the groups come about, says which group needs which, directly or not.

export interface GroupNeeds {
  /** Whether one group needs another. */
  readonly has: (group: number, other: number) => boolean;
  /** A group needs others, and all that these need: what needs it does so too. */
  readonly add: (group: number, others: Iterable<number>) => void;
}

/** For each group a bit for each other: in a deep graph nearly all groups need nearly all before them. */
export function groupNeeds(mostGroups: number): GroupNeeds {
  const words = Math.ceil(mostGroups / 32);
  const rows: Uint32Array[] = [];
  const isNeeded = (row: Uint32Array | undefined, group: number): boolean =>
    row !== undefined && (((row[group >> 5] ?? 0) >>> (group & 31)) & 1) === 1;
  const add = (group: number, others: Iterable<number>): void => {
    const added = new Uint32Array(words);
    for (const other of others) {
      if (other === group) continue;
      added[other >> 5] = (added[other >> 5] ?? 0) | (1 << (other & 31));
      rows[other]?.forEach((word, at) => (added[at] = (added[at] ?? 0) | word));
    }
    const own = rows[group];
    if (own === undefined) {
      rows[group] = added;
      return;
    }
    if (added.every((word, at) => (word & ~(own[at] ?? 0)) === 0)) return;
    for (const row of rows) {
      if (row !== own && !isNeeded(row, group)) continue;
      for (let at = 0; at < words; at++) row[at] = (row[at] ?? 0) | (added[at] ?? 0);
    }
  };
  return { has: (group, other) => isNeeded(rows[group], other), add };
}
