import { type Field, type Node, scalarize } from '@separatrix/field/core'

/**
 * Which entries of a field are 0 wherever they are defined, decided on the graph: a product with 0, a sum of
 * zeros, 0/x, …. What it reports is so for every state; a zero that hides behind an identity such as sin² +
 * cos² − 1 is not found.
 */
export function vanishingOutputs(field: Field): boolean[] {
  const { nodes, output } = scalarize(field)
  const zero: boolean[] = []
  for (const node of nodes) zero.push(vanishes(node, zero))
  const last = nodes[output] as Node
  return last.op === 'concat'
    ? last.args.map((a) => zero[a])
    : Array.from({ length: last.size }, () => zero[output])
}

function vanishes(node: Node, zero: readonly boolean[]): boolean {
  const [x, y] = node.args.map((a) => zero[a])
  switch (node.op) {
    case 'const':
      return node.values.every((v) => v === 0)
    case 'add':
    case 'sub':
      return x && y
    case 'mul':
      return x || y
    case 'div':
    case 'neg':
    case 'sin':
    case 'tan':
    case 'atan':
    case 'sinh':
    case 'tanh':
    case 'sqrt':
    case 'relu':
    case 'abs':
    case 'sign':
    case 'gather':
      return x
    case 'powi':
      return x && node.exponent > 0
    default:
      return false
  }
}
