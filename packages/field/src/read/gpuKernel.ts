import { scalarize } from '../derive/scalarize.js'
import { misuse } from '../error.js'
import type { Field } from '../field.js'
import { Builder, type Ref } from '../graph/builder.js'
import { embedAll } from '../graph/embed.js'
import { type Binary, binary, type Node, type Unary, unary } from '../graph/node.js'
import { makeField } from '../makeField.js'
import { binaryKernelCode, type KernelExpression, powerKernelCode, unaryKernelCode } from './gpuCode.js'

/** One output of a field as a scalar kernel over a batch. */
export interface GpuKernel {
  /** `function (x, c) { … }` in the subset of JavaScript that gpu.js translates; x is [n][batch], c the coefficients */
  readonly source: string
  /** what the kernel reads from `c`: everything that is the same for the whole batch, as a field of θ, t and u */
  readonly coefficients: Field
}

/** The number that a kernel answers where its field has no finite value; the host turns it into NaN. */
export const invalidResult = -3e38

/**
 * Statements up to which a kernel is compiled. A 2-48-1 network has about 500 and takes 1 to 2 s on Chromium's software
 * driver, 2-80-1 up to 7 s; a 2-32-32-2 network unrolls to 2,300 and takes 17 s on GL, 100 s on WebGPU over GLES.
 */
export const kernelLimit = 600

/**
 * Prints output `component` of a field as a gpu.js kernel over `batch` states stored state-major. All that
 * depends on θ, t and u only is computed once, in double precision, and handed over in `c`: kernels contain no
 * literals of the field, and one kernel serves every θ.
 */
export function printKernel(field: Field, component: number, batch: number): GpuKernel {
  const b = new Builder()
  const scalar = scalarize(field)
  const at = embedAll(b, scalar)
  const output = pick(b, at[scalar.output] as Ref, component)
  const f = makeField(b, output, scalar)
  const { fixed, frontier } = split(f)
  const body = printBody(f, fixed, frontier)
  if (body.length > kernelLimit)
    throw misuse({
      where: `printKernel(${field.name})`,
      expected: `at most ${kernelLimit} scalar operations in output ${component}`,
      got: String(body.length),
      try: "backend: 'js', which runs large networks as loops",
      code: 'kernel-too-large',
    })
  const states = statesOf(f, frontier)
  const source = [
    'function (x, c) {',
    '  var i = this.thread.x;',
    ...states.map((k) => `  var x${k} = x[i${k === 0 ? '' : ` + ${k * batch}`}];`),
    ...frontier.map((_, k) => `  var c${k} = c[${k}];`),
    ...body.map((line) => `  ${line}`),
    '}',
  ].join('\n')
  return { source, coefficients: coefficientsOf(f, frontier) }
}

function pick(b: Builder, output: Ref, component: number): Ref {
  return b.size(output) === 1 ? output : b.gather(output, [component])
}

const isVectorLeaf = (node: Node) => node.op === 'state' || node.op === 'theta' || node.op === 'input'

/** Nodes that are the same for the whole batch, and among them those that the rest (or the output) reads. */
function split(f: Field): { fixed: boolean[]; frontier: number[] } {
  const fixed: boolean[] = []
  for (const node of f.nodes)
    fixed.push(node.op !== 'state' && (node.args.length === 0 || node.args.every((a) => fixed[a])))
  const wanted = new Set<number>()
  f.nodes.forEach((node, i) => {
    if (!fixed[i]) for (const a of node.args) if (fixed[a]) wanted.add(a)
  })
  if (fixed[f.output]) wanted.add(f.output)
  return { fixed, frontier: [...wanted].sort((p, q) => p - q) }
}

function statesOf(f: Field, frontier: readonly number[]): number[] {
  if (frontier.includes(f.output)) return []
  const used = f.nodes.flatMap((node) =>
    node.op === 'gather' && f.nodes[node.args[0] as number]?.op === 'state' ? node.indices : [],
  )
  const whole = f.nodes.some((node) => node.op === 'state' && node.size === 1)
  return [...new Set(whole ? [0, ...used] : used)].sort((p, q) => p - q)
}

function coefficientsOf(f: Field, frontier: readonly number[]): Field {
  const b = new Builder()
  const at = embedAll(b, f)
  const values = frontier.map((i) => at[i] as Ref)
  return makeField(b, values.length === 0 ? b.constant(0) : b.concat(values), {
    ...f,
    name: `coefficients(${f.name})`,
  })
}

function printBody(f: Field, fixed: readonly boolean[], frontier: readonly number[]): string[] {
  const { lines, invalid, names } = printNodes(f, { fixed, frontier, prefix: 'v', state: (k) => `x${k}` })
  const checks = invalid.map((condition) => `if (${condition}) { return ${invalidResult}; }`)
  return [...lines, ...checks, `return ${names[f.output]};`]
}

interface NodePlan {
  readonly fixed: readonly boolean[]
  readonly frontier: readonly number[]
  /** of the locals */
  readonly prefix: string
  readonly state: (k: number) => string
}

/** Statements for every node that varies over the batch, conditions of invalid results, and each node's name. */
function printNodes(f: Field, { fixed, frontier, prefix, state }: NodePlan) {
  const lines: string[] = []
  const invalid: string[] = []
  const names: string[] = []
  f.nodes.forEach((node, i) => {
    if (fixed[i]) {
      names.push(`c${frontier.indexOf(i)}`)
    } else if (isVectorLeaf(node)) {
      names.push(state(0))
    } else if (node.op === 'gather') {
      names.push(state(node.indices[0] as number))
    } else if (node.op === 'concat') {
      names.push('')
    } else {
      const name = `${prefix}${i}`
      const code = expression(
        node,
        node.args.map((a) => names[a] as string),
        name,
      )
      lines.push(...(code.before ?? []), `var ${name} = ${code.value};`)
      if (code.invalid !== undefined) invalid.push(code.invalid)
      names.push(name)
    }
  })
  return { lines, invalid, names }
}

/** A whole field as statements for a kernel of the caller's own, to be printed once for every evaluation. */
export interface GpuStatements {
  /** what the statements read as c0, c1, …: everything that is the same for the whole batch */
  readonly coefficients: Field
  readonly operations: number
  print(
    prefix: string,
    state: (k: number) => string,
  ): {
    readonly lines: readonly string[]
    readonly invalid: readonly string[]
    readonly outputs: readonly string[]
  }
}

/** Prepares a closed field that does not read the time; its outputs are names of locals or coefficients. */
export function gpuStatements(field: Field): GpuStatements {
  const f = scalarize(field)
  const { fixed, frontier } = split(f)
  const output = f.nodes[f.output] as Node
  const parts = output.op === 'concat' ? output.args : [f.output]
  const outputsFixed = parts.filter((i) => fixed[i] && !frontier.includes(i))
  const all = [...frontier, ...new Set(outputsFixed)].filter((i) => f.nodes[i]?.size === 1)
  return {
    coefficients: coefficientsOf(f, all),
    operations: f.nodes.filter((node, i) => !fixed[i] && node.op !== 'gather').length,
    print(prefix, state) {
      const { lines, invalid, names } = printNodes(f, { fixed, frontier: all, prefix, state })
      const outputs = parts.flatMap((i) => outputNames(f.nodes[i] as Node, names[i] as string, state))
      return { lines, invalid, outputs }
    },
  }
}

/** Names of an output part: a field may return whole stretches of its state. */
function outputNames(node: Node, name: string, state: (k: number) => string): string[] {
  if (node.op === 'gather') return node.indices.map(state)
  if (node.op === 'state') return Array.from({ length: node.size }, (_, k) => state(k))
  return [name]
}

const unaryOps: ReadonlySet<string> = new Set(unary)
const binaryOps: ReadonlySet<string> = new Set(binary)

function expression(node: Node, args: readonly string[], name: string): KernelExpression {
  const [x, y] = args as [string, string]
  if (unaryOps.has(node.op)) return unaryKernelCode[node.op as Unary](x, name)
  if (binaryOps.has(node.op)) return binaryKernelCode[node.op as Binary](x, y, name)
  if (node.op === 'powi') return powerKernelCode(x, node.exponent, name)
  throw new Error(`unreachable: ${node.op} after scalarize`)
}
