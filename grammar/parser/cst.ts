// The rules of the parser come in; the types of its concrete trees, derived from them, go out: UPDATE_GOLDEN=1 writes them anew.

import type { CstNode, IToken } from "chevrotain";

export interface ExpressionCstNode extends CstNode {
  name: "expression";
  children: ExpressionCstChildren;
}

export type ExpressionCstChildren = {
  operation: OperationCstNode[];
  Pipe?: IToken[];
  stage?: StageCstNode[];
};

export interface StageCstNode extends CstNode {
  name: "stage";
  children: StageCstChildren;
}

export type StageCstChildren = {
  Word: IToken[];
  Dot?: IToken[];
  arguments?: ArgumentsCstNode[];
};

export interface OperationCstNode extends CstNode {
  name: "operation";
  children: OperationCstChildren;
}

export type OperationCstChildren = {
  operand: OperandCstNode[];
  Operator?: IToken[];
};

export interface OperandCstNode extends CstNode {
  name: "operand";
  children: OperandCstChildren;
}

export type OperandCstChildren = {
  Prefix?: IToken[];
  conditional?: ConditionalCstNode[];
  primary?: PrimaryCstNode[];
  suffix?: SuffixCstNode[];
};

export interface ConditionalCstNode extends CstNode {
  name: "conditional";
  children: ConditionalCstChildren;
}

export type ConditionalCstChildren = {
  If: IToken[];
  expression: ExpressionCstNode[];
  Then: IToken[];
  Else: IToken[];
  operation: OperationCstNode[];
};

export interface PrimaryCstNode extends CstNode {
  name: "primary";
  children: PrimaryCstChildren;
}

export type PrimaryCstChildren = {
  Word?: IToken[];
  Integer?: IToken[];
  Float?: IToken[];
  Text?: IToken[];
  True?: IToken[];
  False?: IToken[];
  list?: ListCstNode[];
  group?: GroupCstNode[];
  scan?: ScanCstNode[];
};

export interface GroupCstNode extends CstNode {
  name: "group";
  children: GroupCstChildren;
}

export type GroupCstChildren = {
  LeftParenthesis: IToken[];
  expression: ExpressionCstNode[];
  RightParenthesis: IToken[];
};

export interface ListCstNode extends CstNode {
  name: "list";
  children: ListCstChildren;
}

export type ListCstChildren = {
  LeftBracket: IToken[];
  listElement?: ListElementCstNode[];
  Comma?: IToken[];
  RightBracket: IToken[];
};

export interface ListElementCstNode extends CstNode {
  name: "listElement";
  children: ListElementCstChildren;
}

export type ListElementCstChildren = {
  Ellipsis?: IToken[];
  expression: ExpressionCstNode[];
};

export interface SuffixCstNode extends CstNode {
  name: "suffix";
  children: SuffixCstChildren;
}

export type SuffixCstChildren = {
  arguments?: ArgumentsCstNode[];
  index?: IndexCstNode[];
  Dot?: IToken[];
  Word?: IToken[];
};

export interface ArgumentsCstNode extends CstNode {
  name: "arguments";
  children: ArgumentsCstChildren;
}

export type ArgumentsCstChildren = {
  LeftParenthesis: IToken[];
  argument?: ArgumentCstNode[];
  Comma?: IToken[];
  RightParenthesis: IToken[];
};

export interface ArgumentCstNode extends CstNode {
  name: "argument";
  children: ArgumentCstChildren;
}

export type ArgumentCstChildren = {
  Word?: IToken[];
  Colon?: IToken[];
  expression: ExpressionCstNode[];
};

export interface IndexCstNode extends CstNode {
  name: "index";
  children: IndexCstChildren;
}

export type IndexCstChildren = {
  LeftBracket: IToken[];
  indexItem: IndexItemCstNode[];
  Comma?: IToken[];
  RightBracket: IToken[];
};

export interface IndexItemCstNode extends CstNode {
  name: "indexItem";
  children: IndexItemCstChildren;
}

export type IndexItemCstChildren = {
  New?: IToken[];
  Ellipsis?: IToken[];
  expression?: ExpressionCstNode[];
  slice?: SliceCstNode[];
};

export interface SliceCstNode extends CstNode {
  name: "slice";
  children: SliceCstChildren;
}

export type SliceCstChildren = {
  Colon: IToken[];
  expression?: ExpressionCstNode[];
  sliceStep?: SliceStepCstNode[];
};

export interface SliceStepCstNode extends CstNode {
  name: "sliceStep";
  children: SliceStepCstChildren;
}

export type SliceStepCstChildren = {
  Colon: IToken[];
  expression?: ExpressionCstNode[];
};

export interface ScanCstNode extends CstNode {
  name: "scan";
  children: ScanCstChildren;
}

export type ScanCstChildren = {
  Scan: IToken[];
  names: NamesCstNode[];
  In: IToken[];
  expression: ExpressionCstNode[];
  Comma?: IToken[];
  alongClause?: AlongClauseCstNode[];
  scanOption?: ScanOptionCstNode[];
  block: BlockCstNode[];
};

export interface AlongClauseCstNode extends CstNode {
  name: "alongClause";
  children: AlongClauseCstChildren;
}

export type AlongClauseCstChildren = {
  Along: IToken[];
  expression: ExpressionCstNode[];
};

export interface ScanOptionCstNode extends CstNode {
  name: "scanOption";
  children: ScanOptionCstChildren;
}

export type ScanOptionCstChildren = {
  Word: IToken[];
  Colon: IToken[];
  expression: ExpressionCstNode[];
};

export interface AnnotationCstNode extends CstNode {
  name: "annotation";
  children: AnnotationCstChildren;
}

export type AnnotationCstChildren = {
  Colon: IToken[];
  type: TypeCstNode[];
};

export interface TypeCstNode extends CstNode {
  name: "type";
  children: TypeCstChildren;
}

export type TypeCstChildren = {
  shape?: ShapeCstNode[];
  Word?: IToken[];
  LeftParenthesis?: IToken[];
  expression?: ExpressionCstNode[];
  RightParenthesis?: IToken[];
};

export interface ShapeCstNode extends CstNode {
  name: "shape";
  children: ShapeCstChildren;
}

export type ShapeCstChildren = {
  LeftBracket: IToken[];
  dimension?: DimensionCstNode[];
  Comma?: IToken[];
  RightBracket: IToken[];
};

export interface DimensionCstNode extends CstNode {
  name: "dimension";
  children: DimensionCstChildren;
}

export type DimensionCstChildren = {
  Ellipsis?: IToken[];
  Word?: IToken[];
  expression?: ExpressionCstNode[];
};

export interface ResultTypeCstNode extends CstNode {
  name: "resultType";
  children: ResultTypeCstChildren;
}

export type ResultTypeCstChildren = {
  Colon: IToken[];
  type?: TypeCstNode[];
  LeftParenthesis?: IToken[];
  Comma?: IToken[];
  RightParenthesis?: IToken[];
};

export interface FunctionDeclarationCstNode extends CstNode {
  name: "functionDeclaration";
  children: FunctionDeclarationCstChildren;
}

export type FunctionDeclarationCstChildren = {
  Fn: IToken[];
  Word: IToken[];
  parameters: ParametersCstNode[];
  resultType?: ResultTypeCstNode[];
  body: BodyCstNode[];
};

export interface ParametersCstNode extends CstNode {
  name: "parameters";
  children: ParametersCstChildren;
}

export type ParametersCstChildren = {
  LeftParenthesis: IToken[];
  parameter?: ParameterCstNode[];
  Comma?: IToken[];
  RightParenthesis: IToken[];
};

export interface ParameterCstNode extends CstNode {
  name: "parameter";
  children: ParameterCstChildren;
}

export type ParameterCstChildren = {
  Word: IToken[];
  annotation?: AnnotationCstNode[];
  Equals?: IToken[];
  expression?: ExpressionCstNode[];
};

export interface BodyCstNode extends CstNode {
  name: "body";
  children: BodyCstChildren;
}

export type BodyCstChildren = {
  block?: BlockCstNode[];
  Equals?: IToken[];
  expression?: ExpressionCstNode[];
  whereClause?: WhereClauseCstNode[];
};

export interface WhereClauseCstNode extends CstNode {
  name: "whereClause";
  children: WhereClauseCstChildren;
}

export type WhereClauseCstChildren = {
  Where: IToken[];
  whereBinding: WhereBindingCstNode[];
  Comma?: IToken[];
};

export interface WhereBindingCstNode extends CstNode {
  name: "whereBinding";
  children: WhereBindingCstChildren;
}

export type WhereBindingCstChildren = {
  Word: IToken[];
  Equals: IToken[];
  expression: ExpressionCstNode[];
};

export interface BlockCstNode extends CstNode {
  name: "block";
  children: BlockCstChildren;
}

export type BlockCstChildren = {
  LeftBrace: IToken[];
  statement?: StatementCstNode[];
  Semicolon?: IToken[];
  RightBrace: IToken[];
};

export interface StatementCstNode extends CstNode {
  name: "statement";
  children: StatementCstChildren;
}

export type StatementCstChildren = {
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
  nameStatement?: NameStatementCstNode[];
  Skipped?: IToken[];
};

export interface ReturnStatementCstNode extends CstNode {
  name: "returnStatement";
  children: ReturnStatementCstChildren;
}

export type ReturnStatementCstChildren = {
  Return?: IToken[];
  Yield?: IToken[];
  expression: ExpressionCstNode[];
  Comma?: IToken[];
};

export interface IfStatementCstNode extends CstNode {
  name: "ifStatement";
  children: IfStatementCstChildren;
}

export type IfStatementCstChildren = {
  If: IToken[];
  expression: ExpressionCstNode[];
  block: BlockCstNode[];
  Else?: IToken[];
  elseBlock?: ElseBlockCstNode[];
};

export interface ElseBlockCstNode extends CstNode {
  name: "elseBlock";
  children: ElseBlockCstChildren;
}

export type ElseBlockCstChildren = {
  block: BlockCstNode[];
};

export interface ForStatementCstNode extends CstNode {
  name: "forStatement";
  children: ForStatementCstChildren;
}

export type ForStatementCstChildren = {
  For: IToken[];
  Word: IToken[];
  In: IToken[];
  expression: ExpressionCstNode[];
  block: BlockCstNode[];
};

export interface TrainedStatementCstNode extends CstNode {
  name: "trainedStatement";
  children: TrainedStatementCstChildren;
}

export type TrainedStatementCstChildren = {
  Weight?: IToken[];
  Bias?: IToken[];
  Param?: IToken[];
  Word: IToken[];
  annotation: AnnotationCstNode[];
  Tilde?: IToken[];
  Equals?: IToken[];
  expression: ExpressionCstNode[];
};

export interface KeptStatementCstNode extends CstNode {
  name: "keptStatement";
  children: KeptStatementCstChildren;
}

export type KeptStatementCstChildren = {
  State?: IToken[];
  Fitted?: IToken[];
  Carry?: IToken[];
  Word: IToken[];
  annotation?: AnnotationCstNode[];
  Equals: IToken[];
  expression: ExpressionCstNode[];
};

export interface SharedStatementCstNode extends CstNode {
  name: "sharedStatement";
  children: SharedStatementCstChildren;
}

export type SharedStatementCstChildren = {
  Shared: IToken[];
  Word: IToken[];
  Equals: IToken[];
  expression: ExpressionCstNode[];
};

export interface InputStatementCstNode extends CstNode {
  name: "inputStatement";
  children: InputStatementCstChildren;
}

export type InputStatementCstChildren = {
  Input?: IToken[];
  Target?: IToken[];
  Word: IToken[];
  annotation: AnnotationCstNode[];
  Missing?: IToken[];
  expression?: ExpressionCstNode[];
  Tilde?: IToken[];
  Equals?: IToken[];
  valueExpression?: ValueExpressionCstNode[];
};

export interface ValueExpressionCstNode extends CstNode {
  name: "valueExpression";
  children: ValueExpressionCstChildren;
}

export type ValueExpressionCstChildren = {
  expression: ExpressionCstNode[];
};

export interface OutputStatementCstNode extends CstNode {
  name: "outputStatement";
  children: OutputStatementCstChildren;
}

export type OutputStatementCstChildren = {
  Output: IToken[];
  names: NamesCstNode[];
  annotation?: AnnotationCstNode[];
  Equals?: IToken[];
  expression?: ExpressionCstNode[];
};

export interface NamesCstNode extends CstNode {
  name: "names";
  children: NamesCstChildren;
}

export type NamesCstChildren = {
  Word: IToken[];
  Comma?: IToken[];
};

export interface LossStatementCstNode extends CstNode {
  name: "lossStatement";
  children: LossStatementCstChildren;
}

export type LossStatementCstChildren = {
  Loss?: IToken[];
  Metric?: IToken[];
  Word?: IToken[];
  Equals?: IToken[];
  expression: ExpressionCstNode[];
};

export interface SelectingStatementCstNode extends CstNode {
  name: "selectingStatement";
  children: SelectingStatementCstChildren;
}

export type SelectingStatementCstChildren = {
  Regularize?: IToken[];
  expression?: ExpressionCstNode[];
  onSelector?: OnSelectorCstNode[];
  Project?: IToken[];
};

export interface NameStatementCstNode extends CstNode {
  name: "nameStatement";
  children: NameStatementCstChildren;
}

export type NameStatementCstChildren = {
  names: NamesCstNode[];
  annotation?: AnnotationCstNode[];
  Equals?: IToken[];
  Tilde?: IToken[];
  Arrow?: IToken[];
  expression: ExpressionCstNode[];
};

export interface OnSelectorCstNode extends CstNode {
  name: "onSelector";
  children: OnSelectorCstChildren;
}

export type OnSelectorCstChildren = {
  On: IToken[];
  selector: SelectorCstNode[];
};

export interface SelectorCstNode extends CstNode {
  name: "selector";
  children: SelectorCstChildren;
}

export type SelectorCstChildren = {
  selectorItem: SelectorItemCstNode[];
  Comma?: IToken[];
};

export interface SelectorItemCstNode extends CstNode {
  name: "selectorItem";
  children: SelectorItemCstChildren;
}

export type SelectorItemCstChildren = {
  Word: IToken[];
  Dot?: IToken[];
  Star?: IToken[];
};

export interface TrainDeclarationCstNode extends CstNode {
  name: "trainDeclaration";
  children: TrainDeclarationCstChildren;
}

export type TrainDeclarationCstChildren = {
  Train: IToken[];
  Word: IToken[];
  Stage?: IToken[];
  LeftBrace: IToken[];
  trainLine?: TrainLineCstNode[];
  Semicolon?: IToken[];
  RightBrace: IToken[];
};

export interface TrainLineCstNode extends CstNode {
  name: "trainLine";
  children: TrainLineCstChildren;
}

export type TrainLineCstChildren = {
  optimizerLine?: OptimizerLineCstNode[];
  startLine?: StartLineCstNode[];
  freezeLine?: FreezeLineCstNode[];
  minimizeLine?: MinimizeLineCstNode[];
  monitorLine?: MonitorLineCstNode[];
  stopEarlyLine?: StopEarlyLineCstNode[];
  settingLine?: SettingLineCstNode[];
  Skipped?: IToken[];
};

export interface OptimizerLineCstNode extends CstNode {
  name: "optimizerLine";
  children: OptimizerLineCstChildren;
}

export type OptimizerLineCstChildren = {
  Optimizer: IToken[];
  expression: ExpressionCstNode[];
  onSelector?: OnSelectorCstNode[];
};

export interface StartLineCstNode extends CstNode {
  name: "startLine";
  children: StartLineCstChildren;
}

export type StartLineCstChildren = {
  Start: IToken[];
  selector: SelectorCstNode[];
  From: IToken[];
  Text: IToken[];
};

export interface FreezeLineCstNode extends CstNode {
  name: "freezeLine";
  children: FreezeLineCstChildren;
}

export type FreezeLineCstChildren = {
  Freeze: IToken[];
  selector: SelectorCstNode[];
};

export interface MinimizeLineCstNode extends CstNode {
  name: "minimizeLine";
  children: MinimizeLineCstChildren;
}

export type MinimizeLineCstChildren = {
  Minimize: IToken[];
  names: NamesCstNode[];
  onSelector?: OnSelectorCstNode[];
  With?: IToken[];
  expression?: ExpressionCstNode[];
  Repeat?: IToken[];
  valueExpression?: ValueExpressionCstNode[];
};

export interface MonitorLineCstNode extends CstNode {
  name: "monitorLine";
  children: MonitorLineCstChildren;
}

export type MonitorLineCstChildren = {
  Monitor: IToken[];
  names: NamesCstNode[];
};

export interface StopEarlyLineCstNode extends CstNode {
  name: "stopEarlyLine";
  children: StopEarlyLineCstChildren;
}

export type StopEarlyLineCstChildren = {
  StopEarly: IToken[];
  arguments: ArgumentsCstNode[];
};

export interface SettingLineCstNode extends CstNode {
  name: "settingLine";
  children: SettingLineCstChildren;
}

export type SettingLineCstChildren = {
  Word: IToken[];
  expression: ExpressionCstNode[];
};

export interface SearchDeclarationCstNode extends CstNode {
  name: "searchDeclaration";
  children: SearchDeclarationCstChildren;
}

export type SearchDeclarationCstChildren = {
  Search: IToken[];
  Word: IToken[];
  LeftBrace: IToken[];
  searchLine?: SearchLineCstNode[];
  Semicolon?: IToken[];
  RightBrace: IToken[];
};

export interface SearchLineCstNode extends CstNode {
  name: "searchLine";
  children: SearchLineCstChildren;
}

export type SearchLineCstChildren = {
  candidateLine?: CandidateLineCstNode[];
  strategyLine?: StrategyLineCstNode[];
  objectiveLine?: ObjectiveLineCstNode[];
  settingLine?: SettingLineCstNode[];
  Skipped?: IToken[];
};

export interface CandidateLineCstNode extends CstNode {
  name: "candidateLine";
  children: CandidateLineCstChildren;
}

export type CandidateLineCstChildren = {
  Word: IToken[];
  Tilde: IToken[];
  expression: ExpressionCstNode[];
};

export interface StrategyLineCstNode extends CstNode {
  name: "strategyLine";
  children: StrategyLineCstChildren;
}

export type StrategyLineCstChildren = {
  Strategy: IToken[];
  Word: IToken[];
};

export interface ObjectiveLineCstNode extends CstNode {
  name: "objectiveLine";
  children: ObjectiveLineCstChildren;
}

export type ObjectiveLineCstChildren = {
  Minimize: IToken[];
  expression: ExpressionCstNode[];
};

export interface FileCstNode extends CstNode {
  name: "file";
  children: FileCstChildren;
}

export type FileCstChildren = {
  declaration?: DeclarationCstNode[];
  Semicolon?: IToken[];
};

export interface DeclarationCstNode extends CstNode {
  name: "declaration";
  children: DeclarationCstChildren;
}

export type DeclarationCstChildren = {
  importDeclaration?: ImportDeclarationCstNode[];
  constDeclaration?: ConstDeclarationCstNode[];
  functionDeclaration?: FunctionDeclarationCstNode[];
  initDeclaration?: InitDeclarationCstNode[];
  layerDeclaration?: LayerDeclarationCstNode[];
  ruleDeclaration?: RuleDeclarationCstNode[];
  modelDeclaration?: ModelDeclarationCstNode[];
  trainDeclaration?: TrainDeclarationCstNode[];
  searchDeclaration?: SearchDeclarationCstNode[];
  Skipped?: IToken[];
};

export interface ImportDeclarationCstNode extends CstNode {
  name: "importDeclaration";
  children: ImportDeclarationCstChildren;
}

export type ImportDeclarationCstChildren = {
  Import: IToken[];
  LeftBrace: IToken[];
  Word?: IToken[];
  Comma?: IToken[];
  RightBrace: IToken[];
  From: IToken[];
  Text: IToken[];
};

export interface ConstDeclarationCstNode extends CstNode {
  name: "constDeclaration";
  children: ConstDeclarationCstChildren;
}

export type ConstDeclarationCstChildren = {
  Const: IToken[];
  Word: IToken[];
  annotation?: AnnotationCstNode[];
  Equals: IToken[];
  expression: ExpressionCstNode[];
};

export interface InitDeclarationCstNode extends CstNode {
  name: "initDeclaration";
  children: InitDeclarationCstChildren;
}

export type InitDeclarationCstChildren = {
  Init: IToken[];
  Word: IToken[];
  parameters: ParametersCstNode[];
  body: BodyCstNode[];
};

export interface LayerDeclarationCstNode extends CstNode {
  name: "layerDeclaration";
  children: LayerDeclarationCstChildren;
}

export type LayerDeclarationCstChildren = {
  Layer: IToken[];
  Word: IToken[];
  parameters: ParametersCstNode[];
  resultType?: ResultTypeCstNode[];
  body: BodyCstNode[];
};

export interface RuleDeclarationCstNode extends CstNode {
  name: "ruleDeclaration";
  children: RuleDeclarationCstChildren;
}

export type RuleDeclarationCstChildren = {
  Optimizer?: IToken[];
  Projection?: IToken[];
  Word: IToken[];
  parameters: ParametersCstNode[];
  block: BlockCstNode[];
};

export interface ModelDeclarationCstNode extends CstNode {
  name: "modelDeclaration";
  children: ModelDeclarationCstChildren;
}

export type ModelDeclarationCstChildren = {
  Model: IToken[];
  Word: IToken[];
  parameters?: ParametersCstNode[];
  block: BlockCstNode[];
};
