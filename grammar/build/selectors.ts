// The concrete trees of selectors come in; selectors of the syntax tree go out.

import type { Selector, SelectorItem } from "../ast.js";
import type { OnSelectorCstNode, SelectorCstNode, SelectorItemCstNode } from "../parser/cst.js";
import { identifier, nodeSpan } from "./context.js";

/** The selector after `on`, where there is one. */
export function buildOnSelector(
  nodes: readonly OnSelectorCstNode[] | undefined,
): Selector | undefined {
  const node = nodes?.[0]?.children.selector[0];
  return node === undefined ? undefined : buildSelector(node);
}

export function buildSelector(node: SelectorCstNode): Selector {
  const items = node.children.selectorItem.map(buildSelectorItem);
  return { kind: "Selector", span: nodeSpan(node), items };
}

function buildSelectorItem(node: SelectorItemCstNode): SelectorItem {
  return {
    kind: "SelectorItem",
    span: nodeSpan(node),
    path: node.children.Word.map(identifier),
    everything: node.children.Star !== undefined,
  };
}
