// The rules of the parser come in; the types of its concrete trees, derived from them, go out: UPDATE_GOLDEN=1 writes them anew.

import type { CstNode, IToken } from "chevrotain";

interface Tree<Name extends string, Children> extends CstNode {
  readonly name: Name;
  readonly children: Children & CstNode["children"];
}
type Tokens<Kind extends string> = Record<Kind, IToken[]>;
type Optional<Kind extends string> = Partial<Tokens<Kind>>;

export type ExpressionCstNode = Tree<
  "expression",
  Optional<"Pipe"> & { operation: OperationCstNode[]; stage?: StageCstNode[] }
>;
export type StageCstNode = Tree<
  "stage",
  Tokens<"Word"> & Optional<"Dot"> & { arguments?: ArgumentsCstNode[] }
>;
export type OperationCstNode = Tree<
  "operation",
  Optional<"Operator"> & { operand: OperandCstNode[] }
>;
export type OperandCstNode = Tree<
  "operand",
  Optional<"Prefix"> & {
    conditional?: ConditionalCstNode[];
    primary?: PrimaryCstNode[];
    suffix?: SuffixCstNode[];
  }
>;
export type ConditionalCstNode = Tree<
  "conditional",
  Tokens<"If" | "Then" | "Else"> & {
    expression: ExpressionCstNode[];
    operation: OperationCstNode[];
  }
>;
export type PrimaryCstNode = Tree<
  "primary",
  Optional<"Word" | "Integer" | "Float" | "Text" | "True" | "False"> & {
    list?: ListCstNode[];
    group?: GroupCstNode[];
    scan?: ScanCstNode[];
  }
>;
export type GroupCstNode = Tree<
  "group",
  Tokens<"LeftParenthesis" | "RightParenthesis"> & { expression: ExpressionCstNode[] }
>;
export type ListCstNode = Tree<
  "list",
  Tokens<"LeftBracket" | "RightBracket"> &
    Optional<"Comma"> & { listElement?: ListElementCstNode[] }
>;
export type ListElementCstNode = Tree<
  "listElement",
  Optional<"Ellipsis"> & { expression: ExpressionCstNode[] }
>;
export type SuffixCstNode = Tree<
  "suffix",
  Optional<"Dot" | "Word" | "Star"> & { arguments?: ArgumentsCstNode[]; index?: IndexCstNode[] }
>;
export type ArgumentsCstNode = Tree<
  "arguments",
  Tokens<"LeftParenthesis" | "RightParenthesis"> &
    Optional<"Comma"> & { argument?: ArgumentCstNode[] }
>;
export type ArgumentCstNode = Tree<
  "argument",
  Optional<"Word" | "Colon"> & { expression: ExpressionCstNode[] }
>;
export type IndexCstNode = Tree<
  "index",
  Tokens<"LeftBracket" | "RightBracket"> & Optional<"Comma"> & { indexItem: IndexItemCstNode[] }
>;
export type IndexItemCstNode = Tree<
  "indexItem",
  Optional<"New" | "Ellipsis"> & { expression?: ExpressionCstNode[]; slice?: SliceCstNode[] }
>;
export type SliceCstNode = Tree<
  "slice",
  Tokens<"Colon"> & { expression?: ExpressionCstNode[]; sliceStep?: SliceStepCstNode[] }
>;
export type SliceStepCstNode = Tree<
  "sliceStep",
  Tokens<"Colon"> & { expression?: ExpressionCstNode[] }
>;
export type ScanCstNode = Tree<
  "scan",
  Tokens<"Scan" | "In"> &
    Optional<"Comma" | "Along"> & {
      names: NamesCstNode[];
      expression: ExpressionCstNode[];
      along?: ExpressionCstNode[];
      scanOption?: ScanOptionCstNode[];
      block: BlockCstNode[];
    }
>;
export type ScanOptionCstNode = Tree<
  "scanOption",
  Tokens<"Word" | "Colon"> & { expression: ExpressionCstNode[] }
>;
export type AnnotationCstNode = Tree<"annotation", Tokens<"Colon"> & { type: TypeCstNode[] }>;
export type TypeCstNode = Tree<
  "type",
  Optional<"Word" | "LeftParenthesis" | "RightParenthesis"> & {
    shape?: ShapeCstNode[];
    expression?: ExpressionCstNode[];
  }
>;
export type ShapeCstNode = Tree<
  "shape",
  Tokens<"LeftBracket" | "RightBracket"> & Optional<"Comma"> & { dimension?: DimensionCstNode[] }
>;
export type DimensionCstNode = Tree<
  "dimension",
  Optional<"Ellipsis" | "Word"> & { expression?: ExpressionCstNode[] }
>;
export type ResultTypeCstNode = Tree<
  "resultType",
  Tokens<"Colon"> &
    Optional<"LeftParenthesis" | "Comma" | "RightParenthesis"> & { type?: TypeCstNode[] }
>;
export type FunctionDeclarationCstNode = Tree<
  "functionDeclaration",
  Tokens<"Fn" | "Word"> & {
    parameters: ParametersCstNode[];
    resultType?: ResultTypeCstNode[];
    body: BodyCstNode[];
  }
>;
export type ParametersCstNode = Tree<
  "parameters",
  Tokens<"LeftParenthesis" | "RightParenthesis"> &
    Optional<"Comma"> & { parameter?: ParameterCstNode[] }
>;
export type ParameterCstNode = Tree<
  "parameter",
  Tokens<"Word"> &
    Optional<"Equals"> & { annotation?: AnnotationCstNode[]; expression?: ExpressionCstNode[] }
>;
export type BodyCstNode = Tree<
  "body",
  Optional<"Equals"> & {
    block?: BlockCstNode[];
    expression?: ExpressionCstNode[];
    whereClause?: WhereClauseCstNode[];
  }
>;
export type WhereClauseCstNode = Tree<
  "whereClause",
  Tokens<"Where"> & Optional<"Comma"> & { whereBinding: WhereBindingCstNode[] }
>;
export type WhereBindingCstNode = Tree<
  "whereBinding",
  Tokens<"Word" | "Equals"> & { expression: ExpressionCstNode[] }
>;
export type BlockCstNode = Tree<
  "block",
  Tokens<"LeftBrace" | "RightBrace"> & Optional<"Semicolon"> & { statement?: StatementCstNode[] }
>;
export type StatementCstNode = Tree<
  "statement",
  Optional<"Skipped"> & {
    returnStatement?: ReturnStatementCstNode[];
    ifStatement?: IfStatementCstNode[];
    forStatement?: ForStatementCstNode[];
    functionDeclaration?: FunctionDeclarationCstNode[];
    trainedStatement?: TrainedStatementCstNode[];
    keptStatement?: KeptStatementCstNode[];
    sharedStatement?: SharedStatementCstNode[];
    inputStatement?: InputStatementCstNode[];
    outputStatement?: OutputStatementCstNode[];
    lossStatement?: LossStatementCstNode[];
    selectingStatement?: SelectingStatementCstNode[];
    checkStatement?: CheckStatementCstNode[];
    followStatement?: FollowStatementCstNode[];
    nameStatement?: NameStatementCstNode[];
  }
>;
export type ReturnStatementCstNode = Tree<
  "returnStatement",
  Optional<"Return" | "Yield" | "Comma"> & { expression: ExpressionCstNode[] }
>;
export type IfStatementCstNode = Tree<
  "ifStatement",
  Tokens<"If"> &
    Optional<"Else"> & {
      expression: ExpressionCstNode[];
      block: BlockCstNode[];
      elseBlock?: BlockCstNode[];
    }
>;
export type ForStatementCstNode = Tree<
  "forStatement",
  Tokens<"For" | "Word" | "In"> & { expression: ExpressionCstNode[]; block: BlockCstNode[] }
>;
export type TrainedStatementCstNode = Tree<
  "trainedStatement",
  Tokens<"Word"> &
    Optional<"Weight" | "Bias" | "Param" | "Tilde" | "Equals"> & {
      annotation: AnnotationCstNode[];
      expression: ExpressionCstNode[];
    }
>;
export type KeptStatementCstNode = Tree<
  "keptStatement",
  Tokens<"Word" | "Equals"> &
    Optional<"State" | "Fitted" | "Carry"> & {
      annotation?: AnnotationCstNode[];
      expression: ExpressionCstNode[];
    }
>;
export type SharedStatementCstNode = Tree<
  "sharedStatement",
  Tokens<"Shared" | "Word" | "Equals"> & { expression: ExpressionCstNode[] }
>;
export type InputStatementCstNode = Tree<
  "inputStatement",
  Tokens<"Word"> &
    Optional<"Input" | "Target" | "Missing" | "Tilde" | "Equals"> & {
      annotation: AnnotationCstNode[];
      expression?: ExpressionCstNode[];
      value?: ExpressionCstNode[];
    }
>;
export type OutputStatementCstNode = Tree<
  "outputStatement",
  Tokens<"Output"> &
    Optional<"Equals"> & {
      names: NamesCstNode[];
      annotation?: AnnotationCstNode[];
      expression?: ExpressionCstNode[];
    }
>;
export type NamesCstNode = Tree<"names", Tokens<"Word"> & Optional<"Comma">>;
export type LossStatementCstNode = Tree<
  "lossStatement",
  Optional<"Loss" | "Metric" | "Word" | "Equals"> & { expression: ExpressionCstNode[] }
>;
export type SelectingStatementCstNode = Tree<
  "selectingStatement",
  Optional<"Regularize" | "Project"> & {
    expression?: ExpressionCstNode[];
    onSelector?: OnSelectorCstNode[];
  }
>;
export type NameStatementCstNode = Tree<
  "nameStatement",
  Optional<"Equals" | "Tilde" | "Arrow"> & {
    names: NamesCstNode[];
    annotation?: AnnotationCstNode[];
    expression: ExpressionCstNode[];
  }
>;
export type CheckStatementCstNode = Tree<
  "checkStatement",
  Tokens<"Check" | "Comma" | "Text"> & { expression: ExpressionCstNode[] }
>;
export type FollowStatementCstNode = Tree<
  "followStatement",
  Tokens<"Word" | "Dot"> &
    Optional<"Star" | "Equals" | "Arrow"> & { expression: ExpressionCstNode[] }
>;
export type OnSelectorCstNode = Tree<"onSelector", Tokens<"On"> & { selector: SelectorCstNode[] }>;
export type SelectorCstNode = Tree<
  "selector",
  Optional<"Comma"> & { selectorItem: SelectorItemCstNode[] }
>;
export type SelectorItemCstNode = Tree<
  "selectorItem",
  Optional<"Dot"> & { selectorPart: SelectorPartCstNode[] }
>;
export type SelectorPartCstNode = Tree<"selectorPart", Optional<"Word" | "Star">>;
export type TrainDeclarationCstNode = Tree<
  "trainDeclaration",
  Tokens<"Train" | "Word" | "LeftBrace" | "RightBrace"> &
    Optional<"Stage" | "Semicolon"> & { trainLine?: TrainLineCstNode[] }
>;
export type TrainLineCstNode = Tree<
  "trainLine",
  Optional<"Skipped"> & {
    optimizerLine?: OptimizerLineCstNode[];
    startLine?: StartLineCstNode[];
    freezeLine?: FreezeLineCstNode[];
    minimizeLine?: MinimizeLineCstNode[];
    monitorLine?: MonitorLineCstNode[];
    stopEarlyLine?: StopEarlyLineCstNode[];
    settingLine?: SettingLineCstNode[];
  }
>;
export type OptimizerLineCstNode = Tree<
  "optimizerLine",
  Tokens<"Optimizer"> & { expression: ExpressionCstNode[]; onSelector?: OnSelectorCstNode[] }
>;
export type StartLineCstNode = Tree<
  "startLine",
  Tokens<"Start" | "From" | "Text"> & { selector: SelectorCstNode[] }
>;
export type FreezeLineCstNode = Tree<
  "freezeLine",
  Tokens<"Freeze"> & { selector: SelectorCstNode[] }
>;
export type MinimizeLineCstNode = Tree<
  "minimizeLine",
  Tokens<"Minimize"> &
    Optional<"With" | "Repeat"> & {
      names: NamesCstNode[];
      onSelector?: OnSelectorCstNode[];
      expression?: ExpressionCstNode[];
      value?: ExpressionCstNode[];
    }
>;
export type MonitorLineCstNode = Tree<"monitorLine", Tokens<"Monitor"> & { names: NamesCstNode[] }>;
export type StopEarlyLineCstNode = Tree<
  "stopEarlyLine",
  Tokens<"StopEarly"> & { arguments: ArgumentsCstNode[] }
>;
export type SettingLineCstNode = Tree<
  "settingLine",
  Tokens<"Word"> & { expression: ExpressionCstNode[] }
>;
export type SearchDeclarationCstNode = Tree<
  "searchDeclaration",
  Tokens<"Search" | "Word" | "LeftBrace" | "RightBrace"> &
    Optional<"Semicolon"> & { searchLine?: SearchLineCstNode[] }
>;
export type SearchLineCstNode = Tree<
  "searchLine",
  Optional<"Skipped"> & {
    candidateLine?: CandidateLineCstNode[];
    strategyLine?: StrategyLineCstNode[];
    objectiveLine?: ObjectiveLineCstNode[];
    settingLine?: SettingLineCstNode[];
  }
>;
export type CandidateLineCstNode = Tree<
  "candidateLine",
  Tokens<"Word" | "Tilde"> & { expression: ExpressionCstNode[] }
>;
export type StrategyLineCstNode = Tree<"strategyLine", Tokens<"Strategy" | "Word">>;
export type ObjectiveLineCstNode = Tree<
  "objectiveLine",
  Optional<"Minimize" | "Maximize"> & { expression: ExpressionCstNode[] }
>;
export type FileCstNode = Tree<
  "file",
  Optional<"Semicolon"> & { declaration?: DeclarationCstNode[] }
>;
export type DeclarationCstNode = Tree<
  "declaration",
  Optional<"Skipped"> & {
    importDeclaration?: ImportDeclarationCstNode[];
    constDeclaration?: ConstDeclarationCstNode[];
    functionDeclaration?: FunctionDeclarationCstNode[];
    initDeclaration?: InitDeclarationCstNode[];
    layerDeclaration?: LayerDeclarationCstNode[];
    ruleDeclaration?: RuleDeclarationCstNode[];
    modelDeclaration?: ModelDeclarationCstNode[];
    trainDeclaration?: TrainDeclarationCstNode[];
    searchDeclaration?: SearchDeclarationCstNode[];
  }
>;
export type ImportDeclarationCstNode = Tree<
  "importDeclaration",
  Tokens<"Import" | "LeftBrace" | "RightBrace" | "From" | "Text"> & Optional<"Word" | "Comma">
>;
export type ConstDeclarationCstNode = Tree<
  "constDeclaration",
  Tokens<"Const" | "Word" | "Equals"> & {
    annotation?: AnnotationCstNode[];
    expression: ExpressionCstNode[];
  }
>;
export type InitDeclarationCstNode = Tree<
  "initDeclaration",
  Tokens<"Init" | "Word"> & { parameters: ParametersCstNode[]; body: BodyCstNode[] }
>;
export type LayerDeclarationCstNode = Tree<
  "layerDeclaration",
  Tokens<"Layer" | "Word"> & {
    parameters: ParametersCstNode[];
    resultType?: ResultTypeCstNode[];
    body: BodyCstNode[];
  }
>;
export type RuleDeclarationCstNode = Tree<
  "ruleDeclaration",
  Tokens<"Word"> &
    Optional<"Optimizer" | "Projection"> & {
      parameters: ParametersCstNode[];
      block: BlockCstNode[];
    }
>;
export type ModelDeclarationCstNode = Tree<
  "modelDeclaration",
  Tokens<"Model" | "Word"> & { parameters?: ParametersCstNode[]; block: BlockCstNode[] }
>;
