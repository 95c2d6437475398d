import type { ConstantNode, FunctionNode, MathNode, OperatorNode, ParenthesisNode, SymbolNode } from 'mathjs'
import math from 'mathjs/lib/browser/math.js'
import { editDistance } from '../editDistance.js'
import { misuse, show } from '../error.js'
import type { Builder, Ref } from '../graph/builder.js'
import { equalsDecimal, isExactDecimal } from '../graph/exact.js'
import { type Unary, unary } from '../graph/node.js'

/** The names that a formula may use, each with its place in the graph. */
export type Scope = ReadonlyMap<string, Ref>

const constants: Readonly<Record<string, number>> = { pi: Math.PI, tau: 2 * Math.PI, e: Math.E }

type Call = (b: Builder, args: readonly Ref[]) => Ref

const fold =
  (op: 'min' | 'max'): Call =>
  (b, args) =>
    args.reduce((x, y) => b.binary(op, x, y))

/** Functions of a formula: how many arguments each takes, and the graph that it stands for. */
const functions: Readonly<
  Record<string, { readonly arity: readonly [number, number]; readonly build: Call }>
> = {
  ...(Object.fromEntries(
    unary
      .filter((op) => op !== 'neg' && op !== 'step')
      .map((op: Unary) => [op, { arity: [1, 1], build: (b, [x]) => b.unary(op, x as Ref) }] as const),
  ) as Record<string, { arity: [number, number]; build: Call }>),
  ln: { arity: [1, 1], build: (b, [x]) => b.unary('log', x as Ref) },
  square: { arity: [1, 1], build: (b, [x]) => b.powi(x as Ref, 2) },
  cube: { arity: [1, 1], build: (b, [x]) => b.powi(x as Ref, 3) },
  log: {
    arity: [1, 2],
    build: (b, [x, base]) => {
      const top = b.unary('log', x as Ref)
      return base === undefined ? top : b.div(top, b.unary('log', base))
    },
  },
  pow: { arity: [2, 2], build: (b, [x, y]) => b.binary('pow', x as Ref, y as Ref) },
  atan2: { arity: [2, 2], build: (b, [y, x]) => b.binary('atan2', y as Ref, x as Ref) },
  min: { arity: [1, Infinity], build: fold('min') },
  max: { arity: [1, Infinity], build: fold('max') },
  clamp: {
    arity: [3, 3],
    build: (b, [x, low, high]) => b.binary('min', b.binary('max', x as Ref, low as Ref), high as Ref),
  },
}

const operators: Readonly<Record<string, Call>> = {
  add: (b, [x, y]) => b.add(x as Ref, y as Ref),
  subtract: (b, [x, y]) => b.sub(x as Ref, y as Ref),
  multiply: (b, [x, y]) => b.mul(x as Ref, y as Ref),
  divide: (b, [x, y]) => b.div(x as Ref, y as Ref),
  pow: (b, [x, y]) => b.binary('pow', x as Ref, y as Ref),
  unaryMinus: (b, [x]) => b.neg(x as Ref),
  unaryPlus: (_b, [x]) => x as Ref,
}

/** Names that mean something in every formula and cannot be taken by a state, input or parameter. */
export const reservedNames: ReadonlySet<string> = new Set([
  ...Object.keys(functions),
  ...Object.keys(constants),
  't',
])

/**
 * Reads a formula (mathjs syntax) into a graph. `where` names it in errors.
 * Numbers mean the decimals that are written. Enclosures widen a double that stands for a nearby decimal by an
 * ulp, except where it is itself a short decimal (0.5); digits that such a double would swallow are refused.
 */
export function parseFormula(b: Builder, text: string, scope: Scope, where: string): Ref {
  checkNumbers(text, where)
  let tree: MathNode
  try {
    tree = math.parse(text)
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep()
    throw misuse({
      where,
      expected: 'a formula',
      got: `${show(text)} (${(error as Error).message})`,
      try: 'e.g. (g/l) * sin(theta) - b * omega',
    })
  }
  try {
    return read(tree)
  } catch (error) {
    throw error instanceof RangeError ? tooDeep() : error
  }

  function tooDeep() {
    return misuse({
      where,
      expected: 'a formula that is less deeply nested',
      got: `${text.length} characters whose tree is too deep for the stack`,
      try: 'fewer brackets, or brackets around parts of a long sum',
    })
  }

  function read(node: MathNode): Ref {
    switch (node.type) {
      case 'ConstantNode':
        return readNumber(node as ConstantNode)
      case 'SymbolNode':
        return readSymbol((node as SymbolNode).name)
      case 'ParenthesisNode':
        return read((node as ParenthesisNode).content)
      case 'OperatorNode':
        return readOperator(node as OperatorNode)
      case 'FunctionNode':
        return readCall(node as FunctionNode)
      default:
        throw misuse({
          where,
          expected: 'sums, products, powers and functions',
          got: `${show(node.toString())} (${node.type})`,
          try: 'one expression without assignments, comparisons or matrices',
        })
    }
  }

  function readNumber(node: ConstantNode): Ref {
    if (typeof node.value !== 'number' || !Number.isFinite(node.value))
      throw misuse({
        where,
        expected: 'finite numbers',
        got: show(String(node.value)),
        try: 'a number below 1.8e308',
      })
    return b.constant(node.value)
  }

  function readSymbol(name: string): Ref {
    const found = scope.get(name)
    if (found !== undefined) return found
    if (Object.hasOwn(constants, name)) return b.constant(constants[name] as number)
    if (Object.hasOwn(functions, name))
      throw misuse({
        where,
        expected: `arguments after ${name}`,
        got: `the bare name in ${show(text)}`,
        try: `${name}(…)`,
      })
    const known = [...scope.keys()]
    throw misuse({
      where,
      expected: `one of ${known.join(', ')}`,
      got: `the unknown symbol ${show(name)}`,
      try: closest(name, known) ?? `declaring ${name} as a state, an input or a parameter`,
      code: 'unknown-symbol',
    })
  }

  function readOperator(node: OperatorNode): Ref {
    const build = operators[node.fn]
    if (build === undefined)
      throw misuse({
        where,
        expected: 'the operators + − * / ^',
        got: show(node.op),
        try: 'min, max, abs or sigmoid for case distinctions',
      })
    const args = (node.args as MathNode[]).map(read)
    // mathjs parses a + b + c as nested pairs; keep the order in which it was written
    return build(b, args)
  }

  function readCall(node: FunctionNode): Ref {
    const name = (node.fn as unknown as SymbolNode).name
    const f = Object.hasOwn(functions, name) ? functions[name] : undefined
    if (f === undefined)
      throw misuse({
        where,
        expected: `a known function`,
        got: show(name),
        try: closest(name, Object.keys(functions)) ?? Object.keys(functions).join(', '),
        code: 'unknown-function',
      })
    const [least, most] = f.arity
    if (node.args.length < least || node.args.length > most)
      throw misuse({
        where,
        expected: `${least}${most > least ? ' or more' : ''} argument(s) to ${name}`,
        got: `${node.args.length}`,
        try: `checking ${show(node.toString())}`,
      })
    return f.build(b, (node.args as MathNode[]).map(read))
  }
}

/** Refuses literals such as 0.50000000000000000001, which would silently become 0.5. */
function checkNumbers(text: string, where: string): void {
  const coded = text.match(/(?<![\p{L}\p{N}_.])0[xob][\da-f]*/iu)
  if (coded !== null)
    throw misuse({ where, expected: 'decimal numbers', got: show(coded[0]), try: String(Number(coded[0])) })
  for (const [literal] of text.matchAll(/(?<![\p{L}\p{N}_.])(\d+\.?\d*|\.\d+)(e[+-]?\d+)?/giu)) {
    const value = Number(literal)
    if (!isExactDecimal(value) || equalsDecimal(value, literal)) continue
    throw misuse({
      where,
      expected: 'numbers that differ from a short decimal by more than a double can tell',
      got: show(literal),
      try: String(value),
    })
  }
}

/** The known name within two edits of a misspelt one. */
function closest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((k) => ({ k, d: editDistance(name.toLowerCase(), k.toLowerCase()) }))
    .sort((p, q) => p.d - q.d)
  const best = ranked[0]
  return best !== undefined && best.d <= Math.min(2, name.length - 1) ? best.k : undefined
}
