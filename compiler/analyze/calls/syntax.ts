// A piece of syntax comes in; every node of it goes out, one after the other.

export interface SyntaxNode {
  readonly kind: string;
}

/** Visits every node of a tree. */
export function walk(root: unknown, visit: (node: SyntaxNode) => void): void {
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const at = stack.pop();
    if (Array.isArray(at)) {
      for (const item of at as unknown[]) stack.push(item);
      continue;
    }
    if (typeof at !== "object" || at === null) continue;
    if ("kind" in at && typeof at.kind === "string") visit(at as SyntaxNode);
    for (const [key, value] of Object.entries(at)) if (key !== "span") stack.push(value);
  }
}
