import type { Op } from './node.js'

/** Operations that cost as much as several others: computed once for all who read them, wherever they do. */
export const dearOperations: ReadonlySet<Op> = new Set<Op>([
  'div', 'sqrt', 'pow', 'atan2', 'exp', 'log', 'sin', 'cos', 'tan', 'atan', 'sinh', 'cosh', 'tanh',
  'sigmoid', 'softplus',
]) // biome-ignore format: one table
