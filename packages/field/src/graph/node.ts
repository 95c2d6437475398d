/**
 * The vocabulary of the expression graph. A graph is a flat, topologically sorted array of nodes; a node
 * names its arguments by their positions, which are always smaller than its own. Every node is a vector.
 */

/** What a node carries besides its arguments, per operation. */
export interface Attributes {
  /** `exact`: the doubles themselves are meant; otherwise the decimals that they print as (see enclosures). */
  readonly const: { readonly values: readonly number[]; readonly exact?: true }
  readonly time: None
  readonly state: None
  readonly input: None
  readonly theta: None
  /** out[i] = x[indices[i]] */
  readonly gather: { readonly indices: readonly number[] }
  /** out[indices[i]] += x[i]; the transpose of gather */
  readonly scatter: { readonly indices: readonly number[] }
  readonly concat: None
  readonly sum: None
  readonly dot: None
  /** W row-major [rows][cols]; out = W·x, or Wᵀ·x when transposed */
  readonly matvec: { readonly rows: number; readonly cols: number; readonly transposed: boolean }
  /** out = W·x + b */
  readonly affine: { readonly rows: number; readonly cols: number }
  /** out[i·|b| + j] = a[i]·b[j] */
  readonly outer: None
  readonly powi: { readonly exponent: number }
  readonly add: None
  readonly sub: None
  readonly mul: None
  readonly div: None
  readonly pow: None
  readonly atan2: None
  readonly min: None
  readonly max: None
  readonly neg: None
  readonly sqrt: None
  readonly exp: None
  readonly log: None
  readonly sin: None
  readonly cos: None
  readonly tan: None
  readonly atan: None
  readonly sinh: None
  readonly cosh: None
  readonly tanh: None
  readonly sigmoid: None
  readonly softplus: None
  readonly relu: None
  readonly abs: None
  /** −1, 0, 1 */
  readonly sign: None
  /** 1 where x > 0, else 0 */
  readonly step: None
}

// biome-ignore lint/complexity/noBannedTypes: an operation without attributes carries exactly nothing
type None = {}

export type Op = keyof Attributes

/** A node of operation `K`: its arguments (positions of earlier nodes) and the length of its value. */
export type NodeOf<K extends Op> = {
  readonly op: K
  readonly args: readonly number[]
  readonly size: number
} & Attributes[K]

export type Node = { [K in Op]: NodeOf<K> }[Op]

export const leaves = ['const', 'time', 'state', 'input', 'theta'] as const
export const unary = [
  'neg', 'sqrt', 'exp', 'log', 'sin', 'cos', 'tan', 'atan', 'sinh', 'cosh', 'tanh',
  'sigmoid', 'softplus', 'relu', 'abs', 'sign', 'step',
] as const // biome-ignore format: one table
export const binary = ['add', 'sub', 'mul', 'div', 'pow', 'atan2', 'min', 'max'] as const

export type Leaf = (typeof leaves)[number]
export type Unary = (typeof unary)[number]
export type Binary = (typeof binary)[number]

/** Operations that have a real value at every real argument; the others can fail (1/0, log −1, …). */
const partial: ReadonlySet<Op> = new Set<Op>(['sqrt', 'log', 'tan', 'div', 'pow', 'atan2'])

/** Whether an operation is defined on all reals, so that 0·f = 0 and f − f = 0 lose no domain error. */
export function isTotal(node: Node): boolean {
  if (node.op === 'powi') return node.exponent >= 0
  return !partial.has(node.op)
}
