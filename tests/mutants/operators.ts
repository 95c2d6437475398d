import ts from 'typescript'

/** One way to spoil a node: the texts that may take its place, from the text of the node and of its parts. */
export interface Operator {
  readonly name: string
  readonly mutate: (node: ts.Node, context: Context) => readonly string[]
}

export interface Context {
  readonly text: (node: ts.Node) => string
  /** whether a name occurs in the top-level statement that holds the node, so that it can be used in its place */
  readonly isKnown: (name: string, node: ts.Node) => boolean
}

const both = (pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, string> =>
  new Map(pairs.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]))

const roundings = both([
  ['roundDown', 'roundUp'],
  ['roundSumDown', 'roundSumUp'],
  ['down', 'up'],
  ['sumDown', 'sumUp'],
  ['inflateDown', 'inflateUp'],
])
const functions = both(
  ['exp', 'log', 'sinh', 'cosh', 'tanh', 'sigmoid', 'softplus', 'atan', 'pow', 'logOnePlus'].map(
    (name) => [`${name}Down`, `${name}Up`] as const,
  ),
)
const ends = both([
  ['lo', 'hi'],
  ['low', 'high'],
  ['outLo', 'outHi'],
  ['slopeLow', 'slopeHigh'],
  ['centreLow', 'centreHigh'],
  ['valueLow', 'valueHigh'],
  ['rateLow', 'rateHigh'],
])
const boundary: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
])
const opposite: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.LessThanToken, '>='],
  [ts.SyntaxKind.LessThanEqualsToken, '>'],
  [ts.SyntaxKind.GreaterThanToken, '<='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '<'],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
])
/** What is swapped in the text of generated code. */
const printed: readonly (readonly [string, string])[] = [
  [' - ', ' + '],
  [' + ', ' - '],
  ['min(', 'max('],
  ['max(', 'min('],
  ['Down(', 'Up('],
  ['Up(', 'Down('],
  ['Low(', 'High('],
  ['High(', 'Low('],
  [' >= ', ' < '],
  [' > ', ' >= '],
]

const isString = (node: ts.Node): boolean =>
  ts.isStringLiteralLike(node) ||
  ts.isTemplateExpression(node) ||
  (ts.isBinaryExpression(node) && (isString(node.left) || isString(node.right)))

/** The operands of a binary operation of one kind, `undefined` for anything else and for strings. */
function operation(node: ts.Node, ...kinds: readonly ts.SyntaxKind[]): ts.BinaryExpression | undefined {
  return ts.isBinaryExpression(node) && kinds.includes(node.operatorToken.kind) && !isString(node)
    ? node
    : undefined
}

const callee = (node: ts.Node): string | undefined =>
  ts.isCallExpression(node) ? node.expression.getText() : undefined

const { PlusToken, MinusToken, AsteriskToken, SlashToken, AmpersandAmpersandToken, BarBarToken } =
  ts.SyntaxKind

/** The operators of the campaign; a table, so that a new one is one entry. */
export const operators: readonly Operator[] = [
  {
    name: 'rounding flipped',
    mutate: (node, { text, isKnown }) => {
      const name = callee(node)
      const other = name === undefined ? undefined : (roundings.get(name) ?? functions.get(name))
      return other === undefined || !isKnown(other, node) ? [] : [text(node).replace(name as string, other)]
    },
  },
  {
    name: 'rounding dropped',
    mutate: (node, { text }) =>
      ts.isCallExpression(node) && roundings.has(callee(node) as string) && node.arguments.length === 1
        ? [text(node.arguments[0] as ts.Node)]
        : [],
  },
  {
    name: 'end swapped',
    mutate: (node, { text, isKnown }) => {
      if (ts.isPropertyAccessExpression(node)) {
        const other = ends.get(node.name.text)
        return other === undefined ? [] : [`${text(node.expression)}.${other}`]
      }
      if (!ts.isElementAccessExpression(node) || !ts.isIdentifier(node.expression)) return []
      const other = ends.get(node.expression.text)
      return other === undefined || !isKnown(other, node)
        ? []
        : [`${other}[${text(node.argumentExpression)}]`]
    },
  },
  {
    name: 'sign flipped',
    mutate: (node, { text }) => {
      const sum = operation(node, PlusToken, MinusToken)
      const sign = sum?.operatorToken.kind === PlusToken ? '-' : '+'
      return sum === undefined ? [] : [`${text(sum.left)} ${sign} (${text(sum.right)})`]
    },
  },
  {
    name: 'term dropped',
    mutate: (node, { text }) => {
      const sum = operation(node, PlusToken, MinusToken)
      return sum === undefined ? [] : [text(sum.left)]
    },
  },
  {
    name: 'factor dropped',
    mutate: (node, { text }) => {
      const product = operation(node, AsteriskToken, SlashToken)
      return product === undefined
        ? []
        : [text(product.left), ...(product.operatorToken.kind === AsteriskToken ? [text(product.right)] : [])]
    },
  },
  {
    name: 'boundary moved',
    mutate: (node, { text }) => {
      const other = ts.isBinaryExpression(node) ? boundary.get(node.operatorToken.kind) : undefined
      return ts.isBinaryExpression(node) && other !== undefined
        ? [`${text(node.left)} ${other} ${text(node.right)}`]
        : []
    },
  },
  {
    name: 'comparison negated',
    mutate: (node, { text }) => {
      const other = ts.isBinaryExpression(node) ? opposite.get(node.operatorToken.kind) : undefined
      return ts.isBinaryExpression(node) && other !== undefined
        ? [`${text(node.left)} ${other} ${text(node.right)}`]
        : []
    },
  },
  {
    name: 'condition dropped',
    mutate: (node, { text }) => {
      const both = operation(node, AmpersandAmpersandToken, BarBarToken)
      return both === undefined ? [] : [text(both.left), text(both.right)]
    },
  },
  {
    name: 'negation dropped',
    mutate: (node, { text }) =>
      ts.isPrefixUnaryExpression(node) &&
      (node.operator === ts.SyntaxKind.ExclamationToken ||
        (node.operator === MinusToken && !ts.isNumericLiteral(node.operand)))
        ? [text(node.operand)]
        : [],
  },
  {
    name: 'branch taken',
    mutate: (node, { text }) =>
      ts.isConditionalExpression(node) ? [text(node.whenTrue), text(node.whenFalse)] : [],
  },
  {
    name: 'guard skipped',
    mutate: (node) => (ts.isIfStatement(node.parent) && node.parent.expression === node ? ['false'] : []),
  },
  {
    name: 'demand met',
    mutate: (node) =>
      ts.isCallExpression(node.parent) &&
      callee(node.parent) === 'demand' &&
      node.parent.arguments[0] === node
        ? ['true']
        : [],
  },
  {
    name: 'min and max',
    mutate: (node, { text }) => {
      const other = { 'Math.min': 'Math.max', 'Math.max': 'Math.min' }[callee(node) ?? '']
      return other === undefined ? [] : [text(node).replace(callee(node) as string, other)]
    },
  },
  {
    name: 'magnitude dropped',
    mutate: (node, { text }) =>
      ts.isCallExpression(node) && callee(node) === 'Math.abs' ? [text(node.arguments[0] as ts.Node)] : [],
  },
  {
    name: 'all for some',
    mutate: (node, { text }) => {
      if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return []
      const other = { every: 'some', some: 'every' }[node.expression.name.text]
      const list = node.arguments.map(text).join(', ')
      return other === undefined ? [] : [`${text(node.expression.expression)}.${other}(${list})`]
    },
  },
  {
    name: 'loop shortened',
    mutate: (node, { text }) => {
      const { parent } = node
      const isCondition = ts.isForStatement(parent) && parent.condition === node
      const less = isCondition ? operation(node, ts.SyntaxKind.LessThanToken) : undefined
      return less === undefined ? [] : [`${text(less.left)} < ${text(less.right)} - 1`]
    },
  },
  {
    name: 'constant changed',
    mutate: (node) => {
      if (!ts.isNumericLiteral(node) || ts.isPropertyAssignment(node.parent)) return []
      const value = Number(node.text)
      return Number.isInteger(value) && value < 1e9
        ? [String(value + 1)]
        : [String(value / 2), String(value * 2)]
    },
  },
  {
    name: 'truth flipped',
    mutate: (node) =>
      node.kind === ts.SyntaxKind.TrueKeyword
        ? ['false']
        : node.kind === ts.SyntaxKind.FalseKeyword
          ? ['true']
          : [],
  },
  {
    name: 'printed code changed',
    mutate: (node, { text }) => {
      if (!ts.isTemplateExpression(node) && !ts.isNoSubstitutionTemplateLiteral(node)) return []
      const own = text(node)
      return printed.filter(([from]) => own.includes(from)).map(([from, to]) => own.replace(from, to))
    },
  },
]
