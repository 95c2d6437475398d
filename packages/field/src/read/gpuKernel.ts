import { scalarize } from '../derive/scalarize.js'
import { misuse } from '../error.js'
import { type Field, sealField } from '../field.js'
import { Builder, type Ref } from '../graph/builder.js'
import { embedAll } from '../graph/embed.js'
import type { Node } from '../graph/node.js'
import { batchConstants, coefficientsOf } from './batchConstants.js'
import { type GpuLeaves, kernelExpression } from './gpuCode.js'
import { gpuLoops } from './gpuLoops.js'

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
  const f = sealField(b, output, scalar)
  const { fixed, frontier } = batchConstants(f)
  const body = printBody(f, fixed, frontier)
  if (body.length > kernelLimit) {
    const looped = printLooped(field, component, batch)
    if (looped !== undefined) return looped
    throw misuse({
      where: `printKernel(${field.name})`,
      expected: `at most ${kernelLimit} scalar operations in output ${component}`,
      got: String(body.length),
      try: "backend: 'js', which runs large networks as loops",
      code: 'kernel-too-large',
    })
  }
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

/** The same with layers as loops, where that is short enough. */
function printLooped(field: Field, component: number, batch: number): GpuKernel | undefined {
  const { operations, coefficients, print } = gpuLoops(field, { timed: false })
  if (operations > kernelLimit) return undefined
  const { lines, invalid, outputs } = print('v', { state: (k) => `x${k}`, time: '' })
  const source = [
    'function (x, c) {',
    '  var i = this.thread.x;',
    ...field.stateNames.map((_, k) => `  var x${k} = x[i + ${k * batch}];`),
    ...lines.map((line) => `  ${line}`),
    ...invalid.map((condition) => `  if (${condition}) { return ${invalidResult}; }`),
    `  return ${outputs[component]};`,
    '}',
  ].join('\n')
  return { source, coefficients }
}

function pick(b: Builder, output: Ref, component: number): Ref {
  return b.size(output) === 1 ? output : b.gather(output, [component])
}

const isVectorLeaf = (node: Node) => node.op === 'state' || node.op === 'theta' || node.op === 'input'

function statesOf(f: Field, frontier: readonly number[]): number[] {
  if (frontier.includes(f.output)) return []
  const used = f.nodes.flatMap((node) =>
    node.op === 'gather' && f.nodes[node.args[0] as number]?.op === 'state' ? node.indices : [],
  )
  const whole = f.nodes.some((node) => node.op === 'state' && node.size === 1)
  return [...new Set(whole ? [0, ...used] : used)].sort((p, q) => p - q)
}

function printBody(f: Field, fixed: readonly boolean[], frontier: readonly number[]): string[] {
  const leaves = { state: (k: number) => `x${k}`, time: '' }
  const { lines, invalid, names } = printNodes(f, { fixed, frontier, prefix: 'v', leaves })
  const checks = invalid.map((condition) => `if (${condition}) { return ${invalidResult}; }`)
  return [...lines, ...checks, `return ${names[f.output]};`]
}

interface NodePlan {
  readonly fixed: readonly boolean[]
  readonly frontier: readonly number[]
  /** of the locals */
  readonly prefix: string
  readonly leaves: GpuLeaves
}

/** Statements for every node that varies over the batch, conditions of invalid results, and each node's name. */
export function printNodes(f: Field, { fixed, frontier, prefix, leaves }: NodePlan) {
  const { state } = leaves
  const lines: string[] = []
  const invalid: string[] = []
  const names: string[] = []
  f.nodes.forEach((node, i) => {
    if (fixed[i]) {
      names.push(`c${frontier.indexOf(i)}`)
    } else if (node.op === 'time') {
      names.push(leaves.time)
    } else if (isVectorLeaf(node)) {
      names.push(state(0))
    } else if (node.op === 'gather') {
      names.push(state(node.indices[0] as number))
    } else if (node.op === 'concat') {
      names.push('')
    } else {
      const name = `${prefix}${i}`
      const code = kernelExpression(
        node,
        node.args.map((a) => names[a] as string),
        { name, nodes: f.nodes },
      )
      lines.push(...(code.before ?? []), `var ${name} = ${code.value};`)
      if (code.invalid !== undefined) invalid.push(code.invalid)
      names.push(name)
    }
  })
  return { lines, invalid, names }
}
