import type { NdArray } from 'ndarray'
import { scalarCount } from '../derive/scalarize.js'
import { misuse, SeparatrixError, show } from '../error.js'
import type { Field } from '../field.js'
import { makeArray } from '../makeArray.js'
import { compile } from './compile.js'
import { evaluateWasm } from './evaluateWasm.js'
import type { EvaluateOptions, Evaluation, States } from './evaluation.js'
import { type GpuDevice, openGpu } from './gpuDevice.js'
import { invalidResult, printKernel } from './gpuKernel.js'
import { canCompileModules } from './wasm/compileModule.js'
import { hasSimd } from './wasm/moduleBuilder.js'

/** Threads per kernel call: the last call of a larger batch is padded. */
const chunkSize = 1 << 20

/** Scalar results below which starting a device (25 to 200 ms) costs more than it saves. */
const worthwhile = 200_000

/** Scalar operations that take as long in JavaScript as printing and compiling a module (some 5 ms). */
const worthCompiling = 5_000_000

/**
 * f at many states: out[i] = f(t, X[i], θ), for X of shape [batch, n].
 *
 * On 'gpu' results are single precision (about 1e-6 relative to the largest intermediate; log near 1 is good to
 * 4e-7 absolutely), an entry is NaN where a logarithm, root, power or quotient on
 * the way has no finite value, and overflow beyond 3e38 is the device's. On 'wasm' errors are those in `ulps`.
 * 'auto' takes the GPU only if `precision: 'single'` says that this is enough, gpu.js finds graphics hardware, and
 * the batch is large; otherwise vectors for a large batch and JavaScript for a small one. It says in `reason` what it chose.
 * @example
 * const swing = system({ state: ['q', 'p'], dynamics: { q: 'p', p: '-sin(q)' } })
 * const { values, device } = await evaluateBatch(swing, [[1, 0], [2, 0.5]], { backend: 'js' })
 */
export async function evaluateBatch(
  field: Field,
  X: NdArray | readonly (readonly number[])[],
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { data, batch } = readStates(field, X)
  return evaluateStates(field, { data, batch }, options)
}

/** {@link evaluateBatch} on states that are already in the layout of the backends. */
export async function evaluateStates(
  field: Field,
  states: States,
  options: EvaluateOptions,
): Promise<Evaluation> {
  checkOptions(field, options)
  if (options.backend === 'js') return evaluateJs(field, states, options)
  if (options.backend === 'wasm') return evaluateWasm(field, states, options)
  if (options.backend === 'gpu') {
    const device = await openGpu(options.device)
    try {
      return await evaluateOn(device, field, states, options)
    } finally {
      await device.destroy()
    }
  }
  return choose(field, states, options)
}

async function choose(field: Field, states: States, options: EvaluateOptions): Promise<Evaluation> {
  const onCpu = async (reason: string) => {
    const operations = states.batch * scalarCount(field)
    const backend = operations > worthCompiling && hasSimd() && canCompileModules() ? 'wasm' : 'js'
    const evaluate = backend === 'wasm' ? evaluateWasm : evaluateJs
    return { ...(await evaluate(field, states, options)), reason: `${backend}: ${reason}` }
  }
  if (options.precision !== 'single') return onCpu("double precision was not waived (precision: 'single')")
  if (states.batch * field.outputSize < worthwhile)
    return onCpu(`${states.batch * field.outputSize} values are fewer than ${worthwhile}`)
  let device: GpuDevice
  try {
    device = await openGpu()
  } catch (error) {
    if (error instanceof SeparatrixError) return onCpu(error.message)
    throw error
  }
  try {
    if (!device.hardware) return onCpu(`no graphics hardware was found, only ${device.description}`)
    return {
      ...(await evaluateOn(device, field, states, options)),
      reason: 'gpu: graphics hardware was found',
    }
  } finally {
    await device.destroy()
  }
}

function evaluateJs(field: Field, { data, batch }: States, options: EvaluateOptions): Evaluation {
  const f = compile(field)
  const { stateSize: n, outputSize: m } = field
  const [x, out] = [new Float64Array(n), new Float64Array(m)]
  const [theta, input] = [options.theta ?? field.theta, options.input ?? []]
  const values = new Float64Array(batch * m)
  for (let i = 0; i < batch; i++) {
    for (let k = 0; k < n; k++) x[k] = data[k * batch + i] as number
    f(options.time ?? 0, x, out, theta, input)
    values.set(out, i * m)
  }
  return {
    values: makeArray(values, [batch, m]),
    backend: 'js',
    device: 'JavaScript (CPU, f64)',
    precision: 'double',
  }
}

async function evaluateOn(
  device: GpuDevice,
  field: Field,
  { data, batch }: States,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { stateSize: n, outputSize: m } = field
  const size = Math.min(batch, chunkSize)
  const values = new Float64Array(batch * m)
  const x = new Float32Array(n * size)
  for (let k = 0; k < m && batch > 0; k++) {
    const { source, coefficients } = printKernel(field, k, size)
    const c = new Float64Array(coefficients.outputSize)
    compile(coefficients)(
      options.time ?? 0,
      new Float64Array(n),
      c,
      options.theta ?? field.theta,
      options.input,
    )
    const run = device.compile(source, size)
    for (let start = 0; start < batch; start += size) {
      const length = Math.min(size, batch - start)
      for (let j = 0; j < n; j++) {
        const from = j * batch + start
        x.set(data.subarray(from, from + length), j * size)
        x.fill(data[from] as number, j * size + length, (j + 1) * size)
      }
      const result = await run(x, Float32Array.from(c))
      for (let i = 0; i < length; i++) {
        const v = result[i] as number
        // devices may round that number
        values[(start + i) * m + k] = v < 0.99 * invalidResult ? Number.NaN : v
      }
    }
  }
  return {
    values: makeArray(values, [batch, m]),
    backend: 'gpu',
    device: device.description,
    precision: 'single',
  }
}

function checkOptions(
  field: Field,
  { backend, precision, device, theta, input = [] }: EvaluateOptions,
): void {
  const where = `evaluate(${field.name})`
  if (!['js', 'wasm', 'gpu', 'auto'].includes(backend))
    throw misuse({
      where,
      expected: "backend 'js', 'wasm', 'gpu' or 'auto'",
      got: show(backend),
      try: "backend: 'js'",
    })
  if (backend === 'gpu' && precision === 'double')
    throw misuse({
      where,
      expected: "precision 'single' on the GPU",
      got: "'double'",
      try: "backend: 'js', which computes in double precision",
      code: 'no-double-on-gpu',
    })
  if (device !== undefined && backend !== 'gpu')
    throw misuse({
      where,
      expected: "no device with backend 'js' or 'auto'",
      got: show(device),
      try: "backend: 'gpu'",
    })
  if (theta !== undefined && theta.length !== field.theta.length)
    throw misuse({
      where,
      expected: `${field.theta.length} parameters`,
      got: String(theta.length),
      try: 'a changed copy of field.theta',
    })
  if (input.length !== field.inputSize)
    throw misuse({
      where,
      expected: `${field.inputSize} inputs (${field.inputNames.join(', ') || 'the field is closed'})`,
      got: String(input.length),
      try: field.inputSize > 0 ? 'input: […], or closeLoop first' : 'leaving input out',
      code: 'open-input',
    })
}

function readStates(field: Field, X: NdArray | readonly (readonly number[])[]): States {
  const n = field.stateSize
  const wrong = (got: string) =>
    misuse({
      where: `evaluateBatch(${field.name})`,
      expected: `states of shape [batch, ${n}]`,
      got,
      try: `one row of ${n} numbers (${field.stateNames.join(', ')}) per state`,
      code: 'wrong-dimension',
    })
  if (Array.isArray(X)) {
    const rows = X as readonly (readonly number[])[]
    const data = new Float64Array(n * rows.length)
    rows.forEach((row, i) => {
      if (!Array.isArray(row) || row.length !== n) throw wrong(`${show(row)} as row ${i}`)
      for (let k = 0; k < n; k++) data[k * rows.length + i] = row[k] as number
    })
    return { data, batch: rows.length }
  }
  const array = X as NdArray
  if (array?.shape?.length !== 2 || array.shape[1] !== n)
    throw wrong(array?.shape ? show(array.shape) : show(X))
  const batch = array.shape[0] as number
  const data = new Float64Array(n * batch)
  for (let i = 0; i < batch; i++) for (let k = 0; k < n; k++) data[k * batch + i] = array.get(i, k)
  return { data, batch }
}
