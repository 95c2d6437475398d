import { type CompiledField, compile, type Field, jacobian, jvp, vjp } from '@separatrix/field/core'

/** f and its two derivatives, compiled, with the buffers that calls of them share. */
export interface DerivativeFunctions {
  readonly n: number
  readonly p: number
  readonly f: CompiledField
  /** the vjp itself: (t, [x; w], out, θ) */
  readonly pull: CompiledField | undefined
  /** out[0 … n) = (∂f/∂x)ᵀw, out[n … n + p) = (∂f/∂θ)ᵀw */
  vjp(t: number, x: Float64Array, w: Float64Array, at: number): Float64Array
  /** (∂f/∂x)·dx + (∂f/∂θ)·dθ written to out[at …] */
  jvp(t: number, x: Float64Array, tangent: Float64Array, out: Float64Array, at: number): void
  /** ∂f/∂x, row-major; compiled when first asked for */
  jacobian(t: number, x: Float64Array, out: Float64Array): void
  /** θ of all calls; the owner sets its entries */
  readonly theta: Float64Array
}

/**
 * Compiles what the differentiated steps call. `x` and `w` are read from offset `at`; nothing is allocated by
 * a call. The result of `vjp` is overwritten by the next call.
 */
export function derivativeFunctions(
  field: Field,
  mode: 'pullback' | 'pushforward' | 'both',
): DerivativeFunctions {
  const [n, p] = [field.stateSize, field.theta.length]
  const theta = Float64Array.from(field.theta)
  const wrt = ['state', 'theta'] as const
  const reverse = mode === 'pushforward' ? undefined : compile(vjp(field, { wrt }))
  const forward = mode === 'pullback' ? undefined : compile(jvp(field, { wrt }))
  const xw = new Float64Array(2 * n)
  const xv = new Float64Array(2 * n + p)
  const cotangents = new Float64Array(n + p)
  const rate = new Float64Array(n)
  let matrix: CompiledField | undefined
  return {
    n,
    p,
    theta,
    f: compile(field),
    pull: reverse,
    vjp(t, x, w, at) {
      for (let i = 0; i < n; i++) {
        xw[i] = x[at + i]
        xw[n + i] = w[at + i]
      }
      reverse?.(t, xw, cotangents, theta)
      return cotangents
    },
    jvp(t, x, tangent, out, at) {
      for (let i = 0; i < n; i++) xv[i] = x[at + i]
      xv.set(tangent, n)
      forward?.(t, xv, rate, theta)
      out.set(rate, at)
    },
    jacobian(t, x, out) {
      matrix ??= compile(jacobian(field))
      matrix(t, x, out, theta)
    },
  }
}
