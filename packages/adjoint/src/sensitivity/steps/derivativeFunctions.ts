import { type CompiledField, compile, type Field, jacobian, jvp, vjp } from '@separatrix/field/core'

/**
 * f and its two derivatives, compiled, with the buffers that calls of them share. Behind the parameters stands
 * one more, a shift s of all times: f(t + s, x, θ) at s = 0. What a step adds up for it is ∂L/∂(start of the
 * step) at constant h.
 */
export interface DerivativeFunctions {
  readonly n: number
  /** parameters and the shift */
  readonly p: number
  readonly f: CompiledField
  /** the vjp itself: (t, [x; w], out, θ) */
  readonly pull: CompiledField | undefined
  /** out[0 … n) = (∂f/∂x)ᵀw, out[n … n + p) = (∂f/∂(θ, s))ᵀw */
  vjp(t: number, x: Float64Array, w: Float64Array, at: number): Float64Array
  /** (∂f/∂x)·dx + (∂f/∂(θ, s))·d(θ, s) written to out[at …] */
  jvp(t: number, x: Float64Array, tangent: Float64Array, out: Float64Array, at: number): void
  /** ∂f/∂x, row-major; compiled when first asked for */
  jacobian(t: number, x: Float64Array, out: Float64Array): void
  /** θ of all calls; the owner sets its entries */
  readonly theta: Float64Array
  /** derivatives in the length of a step */
  readonly lengthening: Lengthening
}

/**
 * The derivative of a step in its length, without the step knowing. Steps of all families are made of terms
 * h·f(t + ch, Y), and h enters nowhere else. So every vjp of such a term with cotangent w of f adds w·f + ch
 * f_t·w to h ∂L/∂h, and every jvp for a relative change dh/h of the length has (dh/h)(f + ch f_t) added.
 */
export interface Lengthening {
  /** from here on vjps add up, for the step from t */
  measure(t: number): void
  /** h ∂L/∂h of the calls since; ends it */
  measured(): number
  /** from here on jvps are also along dh/h, for the step from t */
  vary(t: number, relative: number): void
  /** ends it */
  stop(): void
}

const mode = { off: 0, measure: 1, vary: 2 } as const

/**
 * Compiles what the differentiated steps call. `x` and `w` are read from offset `at`; nothing is allocated by
 * a call. The result of `vjp` is overwritten by the next call.
 */
export function derivativeFunctions(
  field: Field,
  direction: 'pullback' | 'pushforward' | 'both',
): DerivativeFunctions {
  const [n, p] = [field.stateSize, field.theta.length + 1]
  const theta = Float64Array.from(field.theta)
  const wrt = ['state', 'theta', 'time'] as const
  const f = compile(field)
  const reverse = direction === 'pushforward' ? undefined : compile(vjp(field, { wrt }))
  const forward = direction === 'pullback' ? undefined : compile(jvp(field, { wrt }))
  const xw = new Float64Array(2 * n)
  const xv = new Float64Array(2 * n + p)
  const cotangents = new Float64Array(n + p)
  const [rate, point, slope] = Array.from({ length: 3 }, () => new Float64Array(n))
  // mode, start of the step, sum or dh/h; captured variables would box a number at every call
  const now = new Float64Array(3)
  let matrix: CompiledField | undefined
  return {
    n,
    p,
    theta,
    f,
    pull: reverse,
    vjp(t, x, w, at) {
      for (let i = 0; i < n; i++) {
        xw[i] = x[at + i]
        xw[n + i] = w[at + i]
      }
      reverse?.(t, xw, cotangents, theta)
      if (now[0] === mode.measure) {
        for (let i = 0; i < n; i++) point[i] = x[at + i]
        f(t, point, slope, theta)
        let sum = (t - now[1]) * cotangents[n + p - 1]
        for (let i = 0; i < n; i++) sum += w[at + i] * slope[i]
        now[2] += sum
      }
      return cotangents
    },
    jvp(t, x, tangent, out, at) {
      for (let i = 0; i < n; i++) xv[i] = x[at + i]
      xv.set(tangent, n)
      if (now[0] === mode.vary) xv[2 * n + p - 1] += (t - now[1]) * now[2]
      forward?.(t, xv, rate, theta)
      if (now[0] === mode.vary) {
        for (let i = 0; i < n; i++) point[i] = x[at + i]
        f(t, point, slope, theta)
        for (let i = 0; i < n; i++) rate[i] += now[2] * slope[i]
      }
      out.set(rate, at)
    },
    jacobian(t, x, out) {
      matrix ??= compile(jacobian(field))
      matrix(t, x, out, theta)
    },
    lengthening: {
      measure(t) {
        now.set([mode.measure, t, 0])
      },
      measured() {
        now[0] = mode.off
        return now[2]
      },
      vary(t, relative) {
        now.set([mode.vary, t, relative])
      },
      stop() {
        now[0] = mode.off
      },
    },
  }
}
