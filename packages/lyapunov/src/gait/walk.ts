import {
  closeLoop,
  compile,
  type Field,
  freeze,
  interpret,
  misuse,
  scalarize,
  show,
} from '@separatrix/field/core'
import { type Event, evaluatePolynomial, type Solution, type SolveOptions, solve } from '@separatrix/ode'
import { bipedImpact } from '../plants/biped/impact.js'
import { type BipedParameters, bipedField, linkCount, posture } from '../plants/biped/model.js'
import { bipedPush } from '../plants/biped/push.js'
import { bipedJoints, planarBiped, swingFootHeight } from '../plants/planarBiped.js'
import {
  type GaitLimits,
  gaitBarriers,
  gaitLimits,
  impactBarriers,
  impactConditions,
  stepBarriers,
} from './gaitBarriers.js'
import { type GaitControllerOptions, gaitController } from './gaitController.js'
import { gaitOrbit } from './zeroDynamics.js'

export interface WalkOptions extends GaitControllerOptions, Pick<SolveOptions, 'method' | 'rtol' | 'atol'> {
  readonly steps: number
  /** where it starts, [θ; θ′] just after an impact; on the gait's periodic orbit unless said */
  readonly from?: ArrayLike<number>
  /** a blow at the hip, in N s */
  readonly push?: { readonly time: number; readonly impulse: number }
  readonly limits?: GaitLimits
  /** parameters of the machine that walks; those that the controller believes in unless said */
  readonly machine?: BipedParameters
  /** looks at the barriers per step of the walk; 200 */
  readonly looks?: number
}

/** The least value of a barrier over a walk. */
export interface LeastBarrier {
  readonly name: string
  readonly value: number
  /** when */
  readonly t: number
}

export interface Walk {
  /** 'walked' all steps, or 'fell' (its hip below half its height, or a step back), or the solve 'failed' */
  readonly status: 'walked' | 'fell' | 'failed'
  readonly message: string
  /** impacts: times, and states before and after */
  readonly impacts: readonly {
    readonly t: number
    readonly before: Float64Array
    readonly after: Float64Array
  }[]
  /** what was looked at: times, states, barriers in the order of `stepBarriers` */
  readonly t: Float64Array
  readonly states: readonly Float64Array[]
  readonly barriers: readonly Float64Array[]
  /** over the whole walk, of `stepBarriers` and then `impactBarriers`; infinite for impacts where there was none */
  readonly least: readonly LeastBarrier[]
  readonly stats: Solution['stats']
}

/** Half the height of a hip at rest: nobody gets up from there. */
const fallen = 0.4
/** No step takes so long (s); a machine that stands still has stopped. */
const longestStep = 5

/**
 * {@link planarBiped} under its {@link gaitController} as one field without parameters, and the impact as an event.
 * @example walkingLoop(walkingGait(), { rate: 20 }).field.stateSize // 10
 */
export function walkingLoop(
  gait: Field,
  { rate, model = {}, machine = model }: GaitControllerOptions & Pick<WalkOptions, 'machine'>,
): { readonly field: Field; readonly impact: Event } {
  const constant = (field: Field) => scalarize(freeze(field))
  return {
    field: constant(closeLoop(planarBiped(machine), gaitController(gait, { rate, model }))),
    impact: {
      name: 'impact',
      when: constant(swingFootHeight(machine)),
      direction: 'falling',
      reset: constant(bipedImpact(machine)),
    },
  }
}

/**
 * Walks so many steps and looks at every barrier all the way: one solve with an event at each impact, barriers read from
 * its dense output, `looks` times a step, and at both sides of every impact. What stops a walk is a status.
 * @example walk(walkingGait(), { steps: 2, rate: 20, method: tsit5, rtol: 1e-6, atol: 1e-6 }).least
 */
export function walk(gait: Field, options: WalkOptions): Walk {
  const {
    steps,
    model = {},
    machine = model,
    push,
    limits = gaitLimits,
    looks = 200,
    method,
    rtol,
    atol,
  } = options
  for (const [name, value] of Object.entries({ steps, looks }))
    if (!(Number.isSafeInteger(value) && value > 0))
      throw misuse({
        where: 'walk',
        expected: `a positive number of ${name}`,
        got: show(value),
        try: `${name}: 100`,
      })
  const { field, impact } = walkingLoop(gait, options)
  const from = options.from ?? interpret(gaitOrbit(gait, model), 0, [0, 0]).subarray(0, 2 * linkCount)
  const events: Event[] = [
    { ...impact, terminal: steps },
    { name: 'fall', when: hipAbove(fallen, machine), direction: 'falling', terminal: true },
  ]
  if (push !== undefined)
    events.push({ name: 'push', when: (t) => t - push.time, reset: bipedPush(push.impulse, machine) })
  const solution = solve(field, from, [0, longestStep * steps], { method, rtol, atol, events })
  const records = solution.events.filter((e) => e.event !== 1)
  const impacts = records.filter((e) => e.event === 0)
  const conditions = impactConditions(limits, machine)
  const seen = look(field, gaitBarriers(limits, machine), { solution, records, from, looks })
  return {
    ...describe(solution, impacts, { steps, machine }),
    impacts: impacts.map(({ t, y, after }) => ({ t, before: y, after })),
    ...seen,
    least: [
      ...leastOf(stepBarriers, seen.t, seen.barriers),
      ...leastOf(
        impactBarriers,
        impacts.map(({ t }) => t),
        impacts.map(({ y }) => interpret(conditions, 0, y)),
      ),
    ],
    stats: solution.stats,
  }
}

function describe(
  { status, message, events }: Solution,
  impacts: Solution['events'],
  { steps, machine }: { readonly steps: number; readonly machine: BipedParameters },
): Pick<Walk, 'status' | 'message'> {
  const joints = bipedJoints(machine)
  // the foot may come down behind, and the machine go on the other way
  const back = impacts.findIndex(({ y }) => !(interpret(joints, 0, y)[swingFoot] > 0))
  if (back >= 0)
    return { status: 'fell', message: `it stepped back in step ${back + 1}, at t = ${impacts[back].t}` }
  if (impacts.length === steps) return { status: 'walked', message: `${steps} steps` }
  const last = events.at(-1)
  if (last?.event === 1)
    return { status: 'fell', message: `it fell in step ${impacts.length + 1}, at t = ${last.t}` }
  const why = status === 'success' ? 'it came to rest' : message
  return { status: 'failed', message: `after ${impacts.length} of ${steps} steps: ${why}` }
}

/** x of the swing foot among the coordinates of `bipedJoints`. */
const swingFoot = 10

function hipAbove(height: number, machine: BipedParameters): Field {
  const field = bipedField('hip', machine, ({ b, hip }, state) =>
    b.sub(b.dot(hip, posture(b, state).cos), b.constant(height)),
  )
  return scalarize(freeze(field))
}

/** Barriers between resets from the dense output, and at both sides of each. */
function look(
  field: Field,
  barriers: Field,
  {
    solution,
    records,
    from,
    looks,
  }: {
    readonly solution: Solution
    readonly records: Solution['events']
    readonly from: ArrayLike<number>
    readonly looks: number
  },
): Pick<Walk, 't' | 'states' | 'barriers'> {
  const [flow, values] = [compile(field), compile(barriers)]
  const rates = new Float64Array(2 * linkCount)
  const [times, states, seen]: [number[], Float64Array[], Float64Array[]] = [[], [], []]
  const add = (t: number, y: Float64Array) => {
    const out = new Float64Array(barriers.outputSize)
    flow(t, y, rates)
    values(t, y, out, undefined, rates.subarray(linkCount))
    times.push(t)
    states.push(y)
    seen.push(out)
  }
  const dense = solution.polynomials()
  let begin = 0
  let y: Float64Array = Float64Array.from(from)
  for (const { t, y: before, after } of records) {
    add(begin, y)
    for (let k = 1; k < looks; k++) {
      const at = begin + ((t - begin) * k) / looks
      add(at, evaluatePolynomial(dense, at))
    }
    add(t, before)
    ;[begin, y] = [t, after]
  }
  return { t: Float64Array.from(times), states, barriers: seen }
}

function leastOf(
  names: readonly string[],
  times: ArrayLike<number>,
  values: readonly Float64Array[],
): LeastBarrier[] {
  return names.map((name, i) => {
    let [value, t] = [Number.POSITIVE_INFINITY, Number.NaN]
    values.forEach((row, k) => {
      // a barrier that is no number is not kept, and stays so
      if (Number.isNaN(value) || row[i] >= value) return
      value = row[i]
      t = times[k]
    })
    return { name, value, t }
  })
}
