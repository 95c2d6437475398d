import { type Loss, type Restored, sampledLoss } from '@separatrix/adjoint'
import {
  Builder,
  compileBatch,
  embed,
  type Field,
  makeField,
  type Random,
  type Ref,
  withTheta,
} from '@separatrix/field'
import type { Digits } from '../digits.js'
import { classes, pixels } from './models.js'

/** Radius of the states that are drawn, 15√n, and the rate that takes V from there to 1 within unit time (LyaNet's). */
export const reach = 15 * Math.sqrt(classes)
export const rate = Math.log(reach)

/**
 * The pointwise Lyapunov loss on rows [η; x; y]: max(0, ∇V·f(η, x) + κV) with V_y(η) = log Σ exp ηⱼ − η_y, a cross
 * entropy, and ∇V = softmax(η) − y. Rodriguez, Ames & Yue, "LyaNet", ICML 2022, eq. 9 and section 4.
 */
export function lyapunovIntegrand(f: Field): Field {
  const b = new Builder()
  const row = b.leaf('state', 2 * classes + pixels)
  const part = (start: number, length: number) =>
    b.gather(
      row,
      Array.from({ length }, (_, i) => start + i),
    )
  const [eta, y] = [part(0, classes), part(classes + pixels, classes)]
  const greatest = Array.from({ length: classes }, (_, i) => b.gather(eta, [i])).reduce((m, v) =>
    b.binary('max', m, v),
  )
  const powers = b.unary('exp', b.sub(eta, greatest))
  const total = b.sum(powers)
  const V: Ref = b.sub(b.add(b.unary('log', total), greatest), b.dot(eta, y))
  const slope = b.sub(b.div(powers, total), y)
  const decay = b.dot(slope, embed(b, f, { state: part(0, classes + pixels) }))
  return makeField(b, b.unary('relu', b.add(decay, b.mul(b.constant(rate), V))), {
    ...f,
    name: 'Lyapunov condition',
    stateNames: Array.from({ length: 2 * classes + pixels }, (_, i) => `z${i}`),
  })
}

interface Options {
  readonly digits: Digits
  readonly batch: number
}

/** States uniform in direction and in radius up to 15√n, images at random: LyaNet's Monte-Carlo measure. */
export function monteCarlo({ digits, batch }: Options): Loss {
  return {
    name: 'LyaNet, Monte-Carlo',
    bind: (field, _data, execution) =>
      sampledLoss({
        integrand: lyapunovIntegrand(field),
        batch,
        execution,
        draw(random, z) {
          drawImage(digits, random, z)
          let square = 0
          for (let i = 0; i < classes; i++) {
            z[i] = random.normal()
            square += z[i] * z[i]
          }
          const scale = (reach * random.uniform()) / Math.sqrt(square)
          for (let i = 0; i < classes; i++) z[i] *= scale
          return 0
        },
        restore: (theta) => ({ field: withTheta(field, theta) }),
      }),
  }
}

/** Steps of training between two runs of the trajectories, and stored times of each. */
const refreshment = 20
const storedTimes = 21

/**
 * States along the trajectories of the field that is being trained, from 0, up to a time that grows by 0.01 whenever the
 * condition is violated hardly anywhere: LyaNet's path-integral variant and curriculum. Trajectories are run again every
 * 20 steps; in between the states are a little old.
 */
export async function pathIntegral(f: Field, { digits, batch }: Options): Promise<Loss> {
  const run = await trajectories(f, digits)
  return {
    name: 'LyaNet, path integral',
    bind(field, _data, execution) {
      let [upTo, calls, states] = [0.1, 0, run(field.theta)]
      const inner = sampledLoss<Restored>({
        integrand: lyapunovIntegrand(field),
        batch,
        execution,
        draw(random, z) {
          const image = drawImage(digits, random, z)
          const at = Math.floor(random.uniform() * upTo * (storedTimes - 1))
          z.set(states(image, at))
          return 0
        },
        restore: (theta) => ({ field: withTheta(field, theta) }),
      })
      return {
        ...inner,
        evaluate(theta, random, gradient) {
          if (calls++ % refreshment === 0) states = run(theta)
          const value = inner.evaluate(theta, random, gradient)
          if (value < quiet) upTo = Math.min(1, upTo + 0.01)
          return value
        },
      }
    },
  }
}

/** A mean violation below which the time may grow. */
const quiet = 0.05

function drawImage({ inputs, labels }: Digits, random: Random, z: Float64Array): number {
  const image = random.integer(inputs.length)
  z.set(inputs[image], classes)
  z.fill(0, classes + pixels)
  z[classes + pixels + labels[image]] = 1
  return image
}

/** Runs all images at once by Runge–Kutta steps of 1/20 and gives a view of their states. */
async function trajectories(f: Field, { inputs }: Digits) {
  const count = inputs.length
  const rates = await compileBatch(f, { lanes: 'f64x2', capacity: count })
  const { stride, x, out } = rates
  inputs.forEach((image, k) => {
    image.forEach((v, i) => {
      x[(classes + i) * stride + k] = v
    })
  })
  const h = 1 / (storedTimes - 1)
  const kept = new Float64Array(storedTimes * count * classes)
  const weights = [1, 2, 2, 1]
  const arrival = [0.5, 0.5, 1]
  return (theta: Float64Array) => {
    rates.theta.set(theta)
    const [eta, sum] = [new Float64Array(classes * count), new Float64Array(classes * count)]
    kept.fill(0)
    for (let step = 1; step < storedTimes; step++) {
      sum.fill(0)
      for (let stage = 0; stage < 4; stage++) {
        for (let j = 0; j < classes; j++)
          for (let k = 0; k < count; k++) {
            const slope = stage === 0 ? 0 : h * arrival[stage - 1] * out[j * stride + k]
            x[j * stride + k] = eta[j * count + k] + slope
          }
        rates.evaluate(count, 0)
        for (let j = 0; j < classes; j++)
          for (let k = 0; k < count; k++) sum[j * count + k] += weights[stage] * out[j * stride + k]
      }
      for (let j = 0; j < classes; j++)
        for (let k = 0; k < count; k++) {
          eta[j * count + k] += (h / 6) * sum[j * count + k]
          kept[(step * count + k) * classes + j] = eta[j * count + k]
        }
    }
    return (image: number, step: number) =>
      kept.subarray((step * count + image) * classes, (step * count + image + 1) * classes)
  }
}
