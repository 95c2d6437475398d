import { type Field, makeArray, misuse, show } from '@separatrix/field/core'
import { type ExplicitMethod, type Method, type SolveOptions, solve } from '@separatrix/ode'
import {
  type GradientOptions,
  noGradient,
  type PreparedSensitivity,
  solving,
  withGradient,
} from '../gradient.js'
import { type DerivativeFunctions, derivativeFunctions } from '../steps/derivativeFunctions.js'
import {
  coupledScheme,
  heunScheme,
  leapfrogScheme,
  type ReversibleScheme,
  type TakenStep,
} from '../steps/reversibleScheme.js'
import { departures, largestDeparture, percent } from './departure.js'
import { lossOf } from './lossRows.js'
import { recordSteps } from './recordSteps.js'
import { findStretches } from './stretches.js'

/** λ where not given: the authors' value. */
const usualCoupling = 0.999

/** The methods that are reversible themselves. */
const pairs: { readonly [name: string]: (functions: DerivativeFunctions) => ReversibleScheme } = {
  reversibleHeun: heunScheme,
  asynchronousLeapfrog: leapfrogScheme,
}

/**
 * Steps of a pair (y, z) that can be taken back exactly, so that the gradient needs no memory and is exact up
 * to the rounding of going back: a reversible method's own, or McCallum & Foster's scheme around any explicit
 * Runge–Kutta method. The steps are those that the method itself chooses, ended at the outputs; at breakpoints
 * the pair starts anew, and one is kept for each. Stability regions are small: contraction at a rate k makes
 * errors grow as e^(kt), less for a smaller coupling. The solution is compared with the method's own at the
 * outputs, and the status 'unstable' says when it has left it. Cost: one solve for the steps, then those of
 * the scheme.
 */
export function reversible(field: Field, method: Method): PreparedSensitivity {
  const functions = derivativeFunctions(field, 'pullback')
  const schemeOf = schemesOf(method, functions)
  const [n, p] = [field.stateSize, field.theta.length]
  return (y0, span, options) => {
    refuseEvents(options)
    const scheme = schemeOf(options)
    const forwards: SolveOptions = { ...solving(options), ...stopAtOutputs(options, span) }
    const steps = recordSteps(span[0], options.breakpoints)
    const solution = solve(field, y0, span, { ...forwards, observers: [steps.observer] })
    const { stats, t } = solution
    if (solution.status !== 'success') return noGradient(solution, n, p)
    functions.theta.set(options.theta ?? field.theta)
    const tape = steps.tape()
    const step = (i: number): TakenStep => ({ t: tape.t[i], h: tape.h[i], end: tape.end[i] })
    const outputs = new Float64Array(t.length * n)
    let s = 0
    const keep = (time: number) => {
      for (; s < t.length && t[s] === time; s++) outputs.set(scheme.y, s * n)
    }
    /** the pairs that were given up at breakpoints, by the number of the step that starts there */
    const kept = new Map<number, { readonly y: Float64Array; readonly z: Float64Array }>()
    scheme.y.set(y0)
    scheme.start(span[0])
    keep(span[0])
    for (let i = 0; i < tape.count; i++) {
      if (i > 0 && tape.t[i] !== tape.end[i - 1]) {
        kept.set(i, { y: scheme.y.slice(), z: scheme.z.slice() })
        scheme.start(tape.t[i])
      }
      scheme.forth(step(i))
      keep(tape.t[i + 1])
    }
    const left = departures(n, solution.y.data)
    t.forEach((_, k) => {
      left.compare(outputs, k * n, solution.y.data, k * n)
    })
    if (!(left.largest() <= largestDeparture))
      return noGradient({ stats, status: 'unstable', message: leftSolution(left.largest()) }, n, p)
    const { value, cotangents } = lossOf(options.loss, { y: makeArray(outputs, [t.length, n]), events: [] })
    const on = { onY: new Float64Array(n), onZ: new Float64Array(n) }
    const mu = new Float64Array(p + 1)
    const slope = new Float64Array(n)
    const jump = (time: number, held: boolean) => {
      if (held && s > 0 && t[s - 1] === time) functions.f(time, scheme.y, slope, functions.theta)
      for (; s > 0 && t[s - 1] === time; s--)
        for (let m = 0; m < n; m++) {
          const g = cotangents[(s - 1) * n + m]
          on.onY[m] += g
          // its time is constant, while that of the step moves with t₀
          if (held) mu[p] -= g * slope[m]
        }
    }
    const closing = new Map(findStretches(tape, solution, forwards).closing)
    let dt1 = 0
    for (let i = tape.count - 1; i >= 0; i--) {
      const how = closing.get(i)
      // the end of a closing step is given: what follows does not move, and its length gives
      if (how !== undefined) mu[p] = 0
      jump(tape.t[i + 1], how === undefined)
      const onLength = scheme.back(step(i), on, mu) / tape.h[i]
      if (how === 'span') dt1 = onLength
      if (how !== undefined) mu[p] -= onLength
      const before = kept.get(i)
      if (i > 0 && before === undefined) continue
      scheme.backStart(tape.t[i], on, mu)
      if (before === undefined) continue
      scheme.y.set(before.y)
      scheme.z.set(before.z)
    }
    jump(span[0], false)
    return withGradient(solution, { value, dy0: on.onY, mu, dt1 })
  }
}

function schemesOf(
  method: Method,
  functions: DerivativeFunctions,
): (options: GradientOptions) => ReversibleScheme {
  if (method.family === 'explicit')
    return ({ coupling = usualCoupling }) => {
      checkCoupling(coupling)
      return coupledScheme(method as ExplicitMethod, functions, coupling)
    }
  const scheme = pairs[method.name]?.(functions)
  if (scheme !== undefined) return () => scheme
  throw misuse({
    where: `sensitivity(${method.name})`,
    expected: 'a reversible method, or an explicit Runge–Kutta method to make reversible',
    got: `${method.name}, of the family ${method.family}`,
    try: "via: 'discrete', with checkpoints where memory is short",
    code: 'method-not-reversible',
  })
}

function refuseEvents({ events = [] }: GradientOptions): void {
  if (events.length === 0) return
  throw misuse({
    where: 'sensitivity',
    expected: "a solve without events for via: 'reversible'",
    got: 'events, past which a step cannot be taken back',
    try: "via: 'discrete', with checkpoints where memory is short",
    code: 'gradient-through-events',
  })
}

function checkCoupling(coupling: number): void {
  if (coupling > 0 && coupling <= 1) return
  throw misuse({
    where: 'sensitivity',
    expected: 'a coupling λ in (0, 1]',
    got: show(coupling),
    try: 'coupling: 0.999',
  })
}

function leftSolution(part: number): string {
  return `the reversible scheme leaves the method's own solution by ${percent(part)} of its size: z is carried by inverse steps, in which contraction turns into growth. Try via: 'discrete', a smaller coupling, or smaller steps.`
}

/** Outputs inside steps become ends of steps. */
function stopAtOutputs(
  { saveAt, stopAt = [] }: SolveOptions,
  [t0, t1]: readonly [number, number],
): Pick<SolveOptions, 'stopAt'> {
  if (saveAt === undefined || saveAt === 'end' || 'everySteps' in saveAt) return { stopAt }
  const direction = Math.sign(t1 - t0)
  return { stopAt: [...Array.from(stopAt), ...Array.from(saveAt)].sort((a, b) => (a - b) * direction) }
}
