import { misuse, show } from '../error.js'
import type { Builder, Ref } from '../graph/builder.js'

/** √(2/π) and the cubic coefficient of the tanh form of gelu (Hendrycks & Gimpel 2016, section 2). */
const [geluScale, geluCubic] = [Math.sqrt(2 / Math.PI), 0.044715]

/** Activations, each as the graph that it stands for. */
const activations = {
  tanh: (b: Builder, x: Ref) => b.unary('tanh', x),
  sigmoid: (b: Builder, x: Ref) => b.unary('sigmoid', x),
  softplus: (b: Builder, x: Ref) => b.unary('softplus', x),
  relu: (b: Builder, x: Ref) => b.unary('relu', x),
  /** √2·relu keeps the mean square of a symmetric input */
  scaledRelu: (b: Builder, x: Ref) => b.mul(b.constant(Math.SQRT2, true), b.unary('relu', x)),
  sin: (b: Builder, x: Ref) => b.unary('sin', x),
  swish: (b: Builder, x: Ref) => b.mul(x, b.unary('sigmoid', x)),
  /**
   * x for x > 0, eˣ − 1 below. With the negative part as x − relu(x), rather than −relu(−x), the slope at 0
   * comes out as 1.
   */
  elu: (b: Builder, x: Ref) => {
    const positive = b.unary('relu', x)
    return b.add(positive, b.sub(b.unary('exp', b.sub(x, positive)), b.constant(1)))
  },
  /** x/2·(1 + tanh(√(2/π)(x + 0.044715x³))), within 5e-4 of x·Φ(x) */
  gelu: (b: Builder, x: Ref) => {
    const inner = b.add(x, b.mul(b.constant(geluCubic), b.powi(x, 3)))
    const gate = b.unary('tanh', b.mul(b.constant(geluScale, true), inner))
    return b.mul(b.mul(b.constant(0.5), x), b.add(b.constant(1), gate))
  },
} as const

export type Activation = keyof typeof activations

/** σ(x), entry by entry. */
export function activate(b: Builder, activation: Activation, x: Ref): Ref {
  return activations[activation](b, x)
}

export function checkActivation(where: string, activation: unknown): asserts activation is Activation {
  if (typeof activation === 'string' && Object.hasOwn(activations, activation)) return
  throw misuse({
    where,
    expected: `an activation (${Object.keys(activations).join(', ')})`,
    got: show(activation),
    try: "'tanh'",
  })
}
