// Where devices are known to differ: signs of powers, large arguments, poles, and what has no finite value.
import { evaluateBatch, expression, type GpuMode } from '@separatrix/field'

export const line = (text: string, params = {}) => expression(text, ['x'], params)

/** text, states, expected values; NaN where the field has no finite value. Exact up to 32 roundings of f32. */
export const edges: readonly (readonly [string, readonly number[], readonly number[]])[] = [
  ['x^3', [-2, -0.5, 0], [-8, -0.125, 0]],
  ['x^7', [-2, 3], [-128, 2187]],
  ['x^-3', [-2, 4], [-0.125, 0.015625]],
  ['x^-2', [0, 2], [Number.NaN, 0.25]],
  ['tanh(x)', [50, -80, 1e30, 0], [1, -1, 1, 0]],
  ['sigmoid(x)', [200, -200, 0], [1, 0, 0.5]],
  ['softplus(x)', [200, -200, 0], [200, 0, Math.LN2]],
  ['log(x)', [-1, 0, 1], [Number.NaN, Number.NaN, 0]],
  ['sqrt(x)', [-1, 0, 9], [Number.NaN, 0, 3]],
  ['1/x', [0, -4], [Number.NaN, -0.25]],
  ['x^2.5', [-1, 0, 4], [Number.NaN, 0, 32]],
  ['(x - 1)^x', [-2, 3, 1], [1 / 9, 8, 0]],
  ['sign(x) + 10*relu(x) + 100*abs(x)', [-2, 0, 3], [199, 0, 331]],
  ['max(x, 0) - min(x, 0)', [-2, 0, 3], [2, 0, 3]],
  ['sin(x)', [1000, -5000, Math.PI], [Math.sin(1000), Math.sin(-5000), 0]],
  ['cos(x)', [1000, -5000], [Math.cos(1000), Math.cos(-5000)]],
  ['tan(x)', [1, -4], [Math.tan(1), Math.tan(-4)]],
  ['7 + 0*x', [1], [7]],
  ['pi', [1], [Math.PI]],
  ['x', [1.5], [1.5]],
]

/** Runs one of them; a failure throws. */
export async function checkEdge([text, x, expected]: (typeof edges)[number], device: GpuMode): Promise<void> {
  const { values } = await evaluateBatch(
    line(text),
    x.map((v) => [v]),
    { backend: 'gpu', device },
  )
  expected.forEach((e, i) => {
    const v = values.get(i, 0)
    // a trigonometric argument of size 5000 is itself rounded to 2⁻¹² · 1e-3
    const tolerance =
      32 * 2 ** -24 * (1 + Math.abs(e)) + (/sin|cos|tan/.test(text) ? 2 ** -24 * Math.abs(x[i] as number) : 0)
    const holds = Number.isNaN(e) ? Number.isNaN(v) : Math.abs(v - e) <= tolerance
    if (!holds) throw new Error(`${text} at ${x[i]}: ${v}, not ${e}`)
  })
}
