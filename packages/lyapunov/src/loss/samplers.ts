import { compile, type Field, misuse, type Random, show } from '@separatrix/field/core'

/** Draws points of the state space; the measure is the sampler's to state. */
export interface Sampler {
  readonly name: string
  /** fills x (of the state's length) */
  draw(random: Random, x: Float64Array): void
}

export type Box = readonly (readonly [number, number])[]

/**
 * Points of the ball |x| < radius, uniform in volume, or (measure 'radius') with uniform direction and
 * uniform radius: a density ∝ |x|^(1−n), which draws as often near the origin as near the sphere and is
 * LyaNet's choice.
 * @example ball(1)
 */
export function ball(
  radius: number,
  { measure = 'volume' }: { readonly measure?: 'volume' | 'radius' } = {},
): Sampler {
  if (!(radius > 0 && Number.isFinite(radius)))
    throw misuse({ where: 'ball', expected: 'a positive radius', got: show(radius), try: 'ball(1)' })
  return {
    name: `ball(${radius})`,
    draw(random, x) {
      const isFew = x.length <= mostRejected
      const square = isFew ? drawFromBall(random, x) : drawDirection(random, x)
      // a point of the unit ball already
      const isPlaced = isFew && measure === 'volume'
      const scale = isPlaced ? radius : (radius * lengthOf(random, x.length)) / Math.sqrt(square)
      for (let i = 0; i < x.length; i++) x[i] *= scale
    },
  }

  function lengthOf(random: Random, n: number): number {
    const u = random.uniform()
    return measure === 'volume' ? u ** (1 / n) : u
  }
}

/** Up to so many states a cube's points are thrown away outside of the ball: in 3 dimensions 1.9 draws, in 4 already 3.2. */
const mostRejected = 3

/** A point of the unit ball but its centre, uniform in volume; returns |x|². */
function drawFromBall(random: Random, x: Float64Array): number {
  for (;;) {
    let square = 0
    for (let i = 0; i < x.length; i++) {
      const v = 2 * random.uniform() - 1
      x[i] = v
      square += v * v
    }
    if (square < 1 && square > 0) return square
  }
}

/** A vector of uniform direction; returns |x|². */
function drawDirection(random: Random, x: Float64Array): number {
  for (;;) {
    let square = 0
    for (let i = 0; i < x.length; i++) {
      const v = random.normal()
      x[i] = v
      square += v * v
    }
    if (square > 0) return square
  }
}

/**
 * Points of the shell inner ≤ |x| ≤ outer, uniform in volume.
 * @example shell([0.9, 1.1])
 */
export function shell([inner, outer]: readonly [number, number]): Sampler {
  if (!(inner >= 0 && outer > inner && Number.isFinite(outer)))
    throw misuse({
      where: 'shell',
      expected: 'radii 0 ≤ inner < outer',
      got: show([inner, outer]),
      try: '[0.9, 1.1]',
    })
  const whole = ball(1)
  return {
    name: `shell(${inner}, ${outer})`,
    draw(random, x) {
      const n = x.length
      whole.draw(random, x)
      let square = 0
      for (let i = 0; i < n; i++) square += x[i] * x[i]
      // the volume below |x| is uniform between those of the two balls
      const volume = inner ** n + (outer ** n - inner ** n) * random.uniform()
      const scale = volume ** (1 / n) / Math.sqrt(square)
      for (let i = 0; i < n; i++) x[i] *= scale
    },
  }
}

/**
 * Points of the standard simplex xᵢ ≥ 0, Σxᵢ = total, uniform: normalised exponentials (Devroye, "Non-uniform random
 * variate generation", 1986, chapter V, theorem 4.1).
 * @example simplex(1)
 */
export function simplex(total = 1): Sampler {
  if (!(total > 0 && Number.isFinite(total)))
    throw misuse({ where: 'simplex', expected: 'a positive total', got: show(total), try: 'simplex(1)' })
  return {
    name: `simplex(${total})`,
    draw(random, x) {
      let sum = 0
      do {
        sum = 0
        for (let i = 0; i < x.length; i++) {
          x[i] = -Math.log1p(-random.uniform())
          sum += x[i]
        }
      } while (sum === 0)
      for (let i = 0; i < x.length; i++) x[i] *= total / sum
    },
  }
}

/**
 * Points of a box, uniform in volume.
 * @example box([[-3, 3], [-9, 9]])
 */
export function box(domain: Box): Sampler {
  checkBox('box', domain)
  return {
    name: `box(${domain.map(([lo, hi]) => `[${lo}, ${hi}]`).join('×')})`,
    draw(random, x) {
      checkLength('box', x, domain.length)
      drawFromBox(random, domain, x)
    },
  }
}

/**
 * Points of {x in domain: V(x) ≤ level}, uniform in volume, by rejection from the box. V is read as it is
 * now; it does not follow one that is being trained.
 * @example sublevel(expression('x^2 + y^2', ['x', 'y']), 1, [[-1, 1], [-1, 1]])
 */
export function sublevel(V: Field, level: number, domain: Box): Sampler {
  return rejection('sublevel', V, domain, { name: `sublevel(${V.name}, ${level})`, lo: -Infinity, hi: level })
}

/**
 * Points of {x in domain: |B(x)| ≤ width}, uniform in volume, by rejection: where the conditions of a barrier
 * bite.
 * @example nearBoundary(expression('1 - x^2 - y^2', ['x', 'y']), 0.1, [[-1.2, 1.2], [-1.2, 1.2]])
 */
export function nearBoundary(B: Field, width: number, domain: Box): Sampler {
  return rejection('nearBoundary', B, domain, {
    name: `nearBoundary(${B.name}, ${width})`,
    lo: -width,
    hi: width,
  })
}

/** A set of volume fraction 1e-4 is missed this often in a row with probability e^−100. */
const longestRejection = 1_000_000

function rejection(
  where: string,
  V: Field,
  domain: Box,
  { name, lo, hi }: { readonly name: string; readonly lo: number; readonly hi: number },
): Sampler {
  checkBox(where, domain)
  if (V.outputSize !== 1 || V.stateSize !== domain.length)
    throw misuse({
      where,
      expected: `a scalar field on R^${domain.length}`,
      got: `R^${V.stateSize} → R^${V.outputSize}`,
      try: 'expression(…), and one interval per state',
    })
  const value = compile(V)
  const out = new Float64Array(1)
  return {
    name,
    draw(random, x) {
      checkLength(where, x, domain.length)
      for (let k = 0; k < longestRejection; k++) {
        drawFromBox(random, domain, x)
        value(0, x, out)
        if (out[0] >= lo && out[0] <= hi) return
      }
      throw misuse({
        where,
        expected: 'a set that fills some of the box',
        got: `no hit among ${longestRejection} points`,
        try: 'a smaller box around the set, or a larger level',
        code: 'empty-set',
      })
    },
  }
}

function drawFromBox(random: Random, domain: Box, x: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    const [lo, hi] = domain[i]
    x[i] = lo + (hi - lo) * random.uniform()
  }
}

function checkBox(where: string, domain: Box): void {
  const bad = domain.find(([lo, hi]) => !(Number.isFinite(lo) && Number.isFinite(hi) && lo < hi))
  if (domain.length > 0 && bad === undefined) return
  throw misuse({
    where,
    expected: 'intervals [lo, hi] with lo < hi',
    got: show(bad ?? domain),
    try: '[[-1, 1], [-1, 1]]',
  })
}

function checkLength(where: string, x: Float64Array, length: number): void {
  if (x.length === length) return
  throw misuse({
    where,
    expected: `one interval per state, ${x.length} in all`,
    got: `${length}`,
    try: '[[-1, 1], [-1, 1]] for two states',
    code: 'wrong-dimension',
  })
}
