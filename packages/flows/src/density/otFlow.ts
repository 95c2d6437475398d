import {
  Builder,
  embed,
  expectField,
  type Field,
  gradient,
  makeField,
  misuse,
  type Ref,
  seededRandom,
  show,
  type ThetaBlock,
} from '@separatrix/field/core'
import { expectNumber } from '../check/expectNumber.js'

export interface OtFlowPotentialOptions {
  /** d, dimension of x */
  readonly dimension: number
  /** m, width of the residual network */
  readonly width: number
  /** layers, the opening one included: at least 2 */
  readonly layers: number
  readonly seed: number
  /** rows of A; min(10, d + 1) by default */
  readonly rank?: number
}

/** A potential on space and time, with what its closed-form Laplacian needs. */
export interface OtFlowPotential {
  /** Φ(t, x) */
  readonly potential: Field
  /** −∇Φ, the velocity */
  readonly velocity: Field
  /** ΔΦ, in closed form: what the volume shrinks by */
  readonly laplacian: Field
  /** |∂Φ/∂t − ½|∇Φ|²|, 0 along optimal paths */
  readonly hamiltonJacobi: Field
}

/** How layers of Φ are kept in θ. */
function blocks({ dimension: d, width: m, layers, rank = Math.min(10, d + 1) }: OtFlowPotentialOptions) {
  const layout: ThetaBlock[] = []
  let offset = 0
  const add = (name: string, shape: readonly number[]) => {
    layout.push({ name: `potential.${name}`, offset, shape, kind: 'weight' })
    offset += shape.reduce((a, b) => a * b, 1)
  }
  add('A', [rank, d + 1])
  add('b', [d + 1])
  add('w', [m])
  add('K0', [m, d + 1])
  add('b0', [m])
  for (let i = 1; i < layers; i++) {
    add(`K${i}`, [m, m])
    add(`b${i}`, [m])
  }
  return { layout, length: offset }
}

/**
 * The potential of OT-Flow: with s = [x; t], Φ = wᵀN(s) + ½|As|² + bᵀs; N a residual network u₀ = σ(K₀s + b₀),
 * uᵢ = uᵢ₋₁ + hσ(Kᵢuᵢ₋₁ + bᵢ), h = 1/(layers − 1), σ(z) = |z| + log(1 + e^{−2|z|}) = softplus(2z) − z, so σ′ = tanh.
 * The flow is x′ = −∇Φ, and its divergence −ΔΦ needs one pass forwards through the layers, no second derivatives by
 * differentiation. Onken, Wu Fung, Li & Ruthotto, AAAI 2021, eq. 10 to 15.
 *
 * Φ starts with w = 1, b = 0 and A, K uniform by Glorot's rule.
 * @example
 * const { velocity, hamiltonJacobi } = otFlowPotential({ dimension: 2, width: 16, layers: 2, seed: 0 })
 * const loss = likelihoodLoss({ data: checkerboard, batch: 32, method: rk4, step: 0.25, penalty: otFlowPenalty({ kinetic: 1, hamiltonJacobi: 1, of: hamiltonJacobi }) })
 * await fit({ field: velocity, loss, optimizer: adam({ rate: 1e-2 }), steps: 2, seed: 0, backend: 'wasm' })
 */
export function otFlowPotential(options: OtFlowPotentialOptions): OtFlowPotential {
  const { dimension: d, width: m, layers, seed } = options
  for (const [name, value, least] of [
    ['dimension', d, 1],
    ['width', m, 1],
    ['layers', layers, 2],
  ] as const)
    if (!(Number.isInteger(value) && value >= least))
      throw misuse({
        where: 'otFlowPotential',
        expected: `${name} of at least ${least}`,
        got: show(value),
        try: '{ dimension: 2, width: 32, layers: 2, seed: 0 }',
      })
  const { layout, length } = blocks(options)
  const theta = initial(layout, length, seed)
  const header = {
    stateNames: Array.from({ length: d }, (_, i) => `x${i + 1}`),
    inputNames: [],
    theta,
    layout,
  }
  const onSpaceTime = makePotential(options, layout)
  const read = (name: string, output: (b: Builder, parts: ReturnType<typeof spaceTime>) => Ref) => {
    const b = new Builder()
    return makeField(b, output(b, spaceTime(b, onSpaceTime, d)), { ...header, name })
  }
  return {
    potential: read('potential', (_b, { value }) => value()),
    velocity: read('−∇Φ', (b, { slope }) => b.neg(slope(0, d))),
    hamiltonJacobi: read('|∂Φ/∂t − ½|∇Φ|²|', (b, { slope }) => {
      const inSpace = slope(0, d)
      const energy = b.mul(b.constant(0.5), b.dot(inSpace, inSpace))
      return b.unary('abs', b.sub(slope(d, 1), energy))
    }),
    laplacian: laplacianOf(options, layout, { ...header, name: 'ΔΦ' }),
  }
}

/** Φ and its slopes with s = [x; t]. */
function spaceTime(b: Builder, potential: Field, d: number) {
  const s = b.concat([b.leaf('state', d), b.leaf('time', 1)])
  const range = (start: number, length: number) => Array.from({ length }, (_, i) => start + i)
  return {
    value: () => embed(b, potential, { state: s }),
    slope: (start: number, length: number) =>
      b.gather(embed(b, gradient(potential), { state: s }), range(start, length)),
  }
}

const softplusMinus = (b: Builder, z: Ref) => b.sub(b.unary('softplus', b.mul(b.constant(2), z)), z)

/** Leaves of θ by name. */
function thetaBlocks(b: Builder, layout: readonly ThetaBlock[]) {
  const last = layout[layout.length - 1] as ThetaBlock
  const length = last.offset + last.shape.reduce((a, c) => a * c, 1)
  const theta = b.leaf('theta', length)
  return (name: string) => {
    const block = layout.find((l) => l.name === `potential.${name}`) as ThetaBlock
    const size = block.shape.reduce((a, c) => a * c, 1)
    return b.gather(
      theta,
      Array.from({ length: size }, (_, i) => block.offset + i),
    )
  }
}

function makePotential(
  { dimension: d, width: m, layers, rank = Math.min(10, d + 1) }: OtFlowPotentialOptions,
  layout: readonly ThetaBlock[],
): Field {
  const b = new Builder()
  const s = b.leaf('state', d + 1)
  const block = thetaBlocks(b, layout)
  const step = b.constant(1 / (layers - 1))
  let u = softplusMinus(b, b.affine(block('K0'), s, block('b0'), m, d + 1))
  for (let i = 1; i < layers; i++)
    u = b.add(u, b.mul(step, softplusMinus(b, b.affine(block(`K${i}`), u, block(`b${i}`), m, m))))
  const As = b.matvec(block('A'), s, rank, d + 1)
  const quadratic = b.mul(b.constant(0.5), b.dot(As, As))
  const value = b.add(b.add(b.dot(block('w'), u), quadratic), b.dot(block('b'), s))
  return makeField(b, value, {
    name: 'Φ',
    stateNames: Array.from({ length: d + 1 }, (_, i) => `s${i + 1}`),
    inputNames: [],
    theta: new Float64Array(layout.reduce((n, l) => n + l.shape.reduce((a, c) => a * c, 1), 0)),
    layout,
  })
}

/**
 * ΔΦ = Σᵢ tᵢ + |A E|²: with z_i = ∂(wᵀN)/∂uᵢ and Jᵢ = ∂uᵢ/∂x, t₀ = (σ″(·) ⊙ z₀)ᵀ rowwise |K₀E|², tᵢ = h(σ″(·) ⊙ zᵢ)ᵀ
 * rowwise |KᵢJᵢ₋₁|².
 */
function laplacianOf(
  { dimension: d, width: m, layers, rank = Math.min(10, d + 1) }: OtFlowPotentialOptions,
  layout: readonly ThetaBlock[],
  header: Parameters<typeof makeField>[2],
): Field {
  const b = new Builder()
  const block = thetaBlocks(b, layout)
  const s = b.concat([b.leaf('state', d), b.leaf('time', 1)])
  const step = b.constant(1 / (layers - 1))
  const weight = (i: number) => block(`K${i}`)
  // forwards: values, tanh, and the columns of J
  const column = (W: Ref, k: number, rows: number, cols: number) =>
    b.gather(
      W,
      Array.from({ length: rows }, (_, r) => r * cols + k),
    )
  const axes = Array.from({ length: d }, (_, k) => k)
  const slopes: Ref[] = []
  const images: Ref[][] = []
  let z = b.affine(weight(0), s, block('b0'), m, d + 1)
  slopes.push(b.unary('tanh', z))
  images.push(axes.map((k) => column(weight(0), k, m, d + 1)))
  let u = softplusMinus(b, z)
  let J = (images[0] as Ref[]).map((c) => b.mul(slopes[0] as Ref, c))
  for (let i = 1; i < layers; i++) {
    z = b.affine(weight(i), u, block(`b${i}`), m, m)
    slopes.push(b.unary('tanh', z))
    images.push(J.map((c) => b.matvec(weight(i), c, m, m)))
    u = b.add(u, b.mul(step, softplusMinus(b, z)))
    J = J.map((c, k) => b.add(c, b.mul(step, b.mul(slopes[i] as Ref, (images[i] as Ref[])[k] as Ref))))
  }
  // backwards: the cotangent of each layer's output
  let cotangent = block('w')
  let total = b.constant(0)
  for (let i = layers - 1; i >= 0; i--) {
    const slope = slopes[i] as Ref
    const curvature = b.sub(b.constant(1), b.mul(slope, slope))
    const rows = (images[i] as Ref[]).map((c) => b.mul(c, c)).reduce((a, c) => b.add(a, c))
    const term = b.dot(b.mul(curvature, cotangent), rows)
    total = b.add(total, i === 0 ? term : b.mul(step, term))
    if (i > 0)
      cotangent = b.add(cotangent, b.mul(step, b.matvec(weight(i), b.mul(slope, cotangent), m, m, true)))
  }
  const A = block('A')
  const ofA = axes.map((k) => column(A, k, rank, d + 1)).map((c) => b.dot(c, c))
  return makeField(
    b,
    ofA.reduce((a, c) => b.add(a, c), total),
    header,
  )
}

function initial(layout: readonly ThetaBlock[], length: number, seed: number): Float64Array {
  const random = seededRandom(seed)
  const theta = new Float64Array(length)
  for (const { name, offset, shape } of layout) {
    const size = shape.reduce((a, c) => a * c, 1)
    if (name.endsWith('.w')) theta.fill(1, offset, offset + size)
    if (shape.length < 2) continue
    const bound = Math.sqrt(6 / (shape[0] + shape[1]))
    for (let i = 0; i < size; i++) theta[offset + i] = bound * (2 * random.uniform() - 1)
  }
  return theta
}

export interface OtFlowPenaltyOptions {
  /** factor of ½|f|² */
  readonly kinetic: number
  /** factor of |∂Φ/∂t − ½|∇Φ|²| */
  readonly hamiltonJacobi: number
  /** from {@link otFlowPotential} */
  readonly of: Field
}

/** The transport costs of OT-Flow as a penalty: λ_K·½|f|² + λ_R·|∂Φ/∂t − ½|∇Φ|²|. Onken et al., AAAI 2021, eq. 8. */
export function otFlowPenalty({
  kinetic,
  hamiltonJacobi,
  of,
}: OtFlowPenaltyOptions): (field: Field) => Field {
  expectNumber('otFlowPenalty', 'kinetic', kinetic, { least: 0 })
  expectNumber('otFlowPenalty', 'hamiltonJacobi', hamiltonJacobi, { least: 0 })
  expectField('otFlowPenalty(of)', of)
  return (field) => {
    const b = new Builder()
    const f = embed(b, field)
    const energy = b.mul(b.constant(kinetic / 2), b.dot(f, f))
    const rate = b.add(energy, b.mul(b.constant(hamiltonJacobi), embed(b, of)))
    return makeField(b, rate, { ...field, name: 'transport costs' })
  }
}
