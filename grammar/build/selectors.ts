// The concrete trees of selectors come in; selectors of the syntax tree go out.

import type { Identifier, Selector, SelectorItem } from "../ast.js";
import type {
  OnSelectorCstNode,
  SelectorCstNode,
  SelectorItemCstNode,
  SelectorPartCstNode,
} from "../parser/cst.js";
import { nodeSpan } from "./context.js";

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
    path: node.children.selectorPart.map(buildSelectorPart),
  };
}

function buildSelectorPart(node: SelectorPartCstNode): Identifier {
  const { Word = [], Star = [] } = node.children;
  const tokens = [...Word, ...Star].sort((one, other) => one.startOffset - other.startOffset);
  const name = tokens.map(({ image }) => image).join("");
  return { kind: "Identifier", span: nodeSpan(node), name };
}
