import { type Field, makeArray, misuse, show } from '@separatrix/field/core'
import { type ExplicitMethod, type Method, type SolveOptions, solve } from '@separatrix/ode'
import {
  type GradientOptions,
  noGradient,
  type PreparedSensitivity,
  solving,
  withGradient,
} from '../gradient.js'
import { derivativeFunctions } from '../steps/derivativeFunctions.js'
import { type ExplicitStep, explicitStep } from '../steps/explicitStep.js'
import type { StepOutputs } from '../steps/stepDerivative.js'
import type { Tape } from '../steps/tape.js'
import { departures, largestDeparture, percent } from './departure.js'
import { lossOf } from './lossRows.js'
import { recordSteps } from './recordSteps.js'
import { findStretches } from './stretches.js'

/** λ where not given: the authors' value. */
const usualCoupling = 0.999

/**
 * McCallum & Foster's reversible scheme around any explicit Runge–Kutta method with increments Ψ_h(t, y) =
 * Φ_h(y) − y: y¹ = λy + (1 − λ)z + Ψ_h(t, z), z¹ = z − Ψ_{−h}(t + h, y¹), from z₀ = y₀; it has the method's
 * order. Steps are taken back by solving for z and then y, so that the gradient needs no memory and is exact
 * up to the rounding of going back. arXiv:2410.11648, definition 3.1. The steps are those that the method
 * itself chooses, ended at the outputs. Its stability region is small: contraction at a rate k makes errors
 * grow as e^(kt), less for a smaller coupling. The solution is compared with the method's own at the outputs,
 * and the status 'unstable' says when it has left it. Cost: one solve for the steps, then twice the stages
 * forwards and four times back.
 */
export function reversible(field: Field, method: Method): PreparedSensitivity {
  if (method.family !== 'explicit')
    throw misuse({
      where: `sensitivity(${method.name})`,
      expected: 'an explicit Runge–Kutta method to make reversible',
      got: `${method.name}, of the family ${method.family}`,
      try: "via: 'discrete', with checkpoints where memory is short",
      code: 'method-not-reversible',
    })
  const [n, p] = [field.stateSize, field.theta.length]
  const functions = derivativeFunctions(field, 'pullback')
  const step = explicitStep(method as ExplicitMethod, functions)
  const { lengthening } = functions
  return (y0, span, options) => {
    const { loss, theta = field.theta, coupling = usualCoupling } = options
    checkCoupling(coupling)
    refuseEvents(options)
    const forwards: SolveOptions = { ...solving(options), ...stopAtOutputs(options, span) }
    const steps = recordSteps(span[0], options.breakpoints)
    const solution = solve(field, y0, span, { ...forwards, observers: [steps.observer] })
    const { stats, status, t } = solution
    if (status !== 'success') return noGradient(solution, n, p)
    functions.theta.set(theta)
    const tape = steps.tape()
    const scheme = coupled(step, tape, { n, coupling })
    const outputs = new Float64Array(t.length * n)
    let s = 0
    const keep = (time: number) => {
      for (; s < t.length && t[s] === time; s++) outputs.set(scheme.y, s * n)
    }
    scheme.start(y0)
    keep(span[0])
    for (let i = 0; i < tape.count; i++) {
      scheme.forth(i)
      keep(tape.t[i + 1])
    }
    const left = departures(n, solution.y.data)
    t.forEach((_, k) => {
      left.compare(outputs, k * n, solution.y.data, k * n)
    })
    if (!(left.largest() <= largestDeparture))
      return noGradient({ stats, status: 'unstable', message: leftSolution(left.largest()) }, n, p)
    const { value, cotangents } = lossOf(loss, { y: makeArray(outputs, [t.length, n]), events: [] })
    const [onY, onZ, mu] = [new Float64Array(n), new Float64Array(n), new Float64Array(p + 1)]
    const jump = (time: number) => {
      for (; s > 0 && t[s - 1] === time; s--)
        for (let m = 0; m < n; m++) onY[m] += cotangents[(s - 1) * n + m]
    }
    const closing = new Map(findStretches(tape, solution, forwards).closing)
    let dt1 = 0
    for (let i = tape.count - 1; i >= 0; i--) {
      jump(tape.t[i + 1])
      const how = closing.get(i)
      // the end of a closing step is given: what follows does not move, and its length gives
      if (how !== undefined) mu[p] = 0
      lengthening.measure(tape.t[i])
      scheme.back(i, onY, onZ, mu)
      const onLength = lengthening.measured() / tape.h[i]
      if (how === 'span') dt1 = onLength
      if (how !== undefined) mu[p] -= onLength
    }
    jump(span[0])
    return withGradient(solution, { value, dy0: onY.map((v, m) => v + onZ[m]), mu, dt1 })
  }
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

const nothing: StepOutputs = {
  positions: new Float64Array(0),
  values: new Float64Array(0),
  first: 0,
  last: 0,
}

/** The pair (y, z), and its steps forth and back. */
function coupled(
  step: ExplicitStep,
  { t, h, end }: Tape,
  { n, coupling }: { readonly n: number; readonly coupling: number },
) {
  const [y, z, change, pulled] = Array.from({ length: 4 }, () => new Float64Array(n))
  return {
    y,
    start(y0: ArrayLike<number>) {
      y.set(y0)
      z.set(y0)
    },
    forth(i: number) {
      step.enter(t[i], h[i], end[i], z, 0)
      step.increment(change)
      for (let m = 0; m < n; m++) y[m] = coupling * y[m] + (1 - coupling) * z[m] + change[m]
      step.enter(end[i], -h[i], t[i], y, 0)
      step.increment(change)
      for (let m = 0; m < n; m++) z[m] -= change[m]
    },
    /** to the state before step i, its cotangents and ∂L/∂θ along */
    back(i: number, onY: Float64Array, onZ: Float64Array, mu: Float64Array) {
      // z¹ = z − Ψ(y¹); a pullback gives (I + ∂Ψ)ᵀw, hence ∂Ψᵀw as a difference
      step.enter(end[i], -h[i], t[i], y, 0)
      step.increment(change)
      for (let m = 0; m < n; m++) pulled[m] = -onZ[m]
      step.pullback(pulled, mu, nothing)
      for (let m = 0; m < n; m++) {
        z[m] += change[m]
        onY[m] += pulled[m] + onZ[m]
      }
      // y¹ = λy + (1 − λ)z + Ψ(z)
      step.enter(t[i], h[i], end[i], z, 0)
      step.increment(change)
      pulled.set(onY)
      step.pullback(pulled, mu, nothing)
      for (let m = 0; m < n; m++) {
        y[m] = (y[m] - (1 - coupling) * z[m] - change[m]) / coupling
        onZ[m] += (1 - coupling) * onY[m] + (pulled[m] - onY[m])
        onY[m] *= coupling
      }
    },
  }
}
