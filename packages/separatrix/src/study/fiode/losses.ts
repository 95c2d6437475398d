import { type Loss, onOrthogonalGroup, type Restored, sampledLoss } from '@separatrix/adjoint'
import {
  Builder,
  compileBatch,
  embed,
  type Field,
  makeField,
  type Random,
  withTheta,
} from '@separatrix/field'
import { decisionBoundary } from '@separatrix/lyapunov'
import type { Digits } from '../digits.js'
import { classes, pixels } from '../lyanet/models.js'
import { range, rates } from './models.js'
import type { FiodeRecipe } from './recipe.js'

/** Rows [η; x; y; i], y and i unit vectors of the label and of a rival. */
const rowLength = 3 * classes + pixels

/**
 * The condition on rows [η; x; y; i]: max(0, V̇ + κV) with V = 1 + ηᵢ − η_y, which is 1 on the boundary between two classes
 * and 0 at the vertex of the label, along the rates kept on the simplex: through the quadratic program. Huang et al.,
 * "FI-ODE", 2023, eq. 7, for each rival apart instead of for the greatest.
 */
export function boundaryIntegrand(scores: Field, recipe: FiodeRecipe): Field {
  const b = new Builder()
  const row = b.leaf('state', rowLength)
  const part = (start: number, length: number) => b.gather(row, range(start, length))
  const [eta, y, i] = [part(0, classes), part(classes + pixels, classes), part(2 * classes + pixels, classes)]
  const difference = b.sub(i, y)
  const V = b.add(b.constant(1), b.dot(difference, eta))
  const slope = b.dot(difference, embed(b, rates(scores, recipe), { state: part(0, classes + pixels) }))
  return makeField(b, b.unary('relu', b.add(slope, b.mul(b.constant(recipe.rate), V))), {
    ...scores,
    name: 'condition on the simplex',
    stateNames: range(0, rowLength).map((k) => `z${k}`),
  })
}

/** Steps between two looks at which rivals are close. */
const refreshment = 100

/** The decision boundary of each pair of classes. */
const boundaries = range(0, classes).map((label) =>
  range(0, classes).map((rival) => (rival === label ? undefined : decisionBoundary(label, rival))),
)

/** Uniform on the simplex: exponential numbers over their sum (Devroye 1986, section 11.4). */
function drawSimplex(random: Random, eta: Float64Array): void {
  let total = 0
  for (let j = 0; j < eta.length; j++) {
    eta[j] = -Math.log(1 - random.uniform())
    total += eta[j]
  }
  for (let j = 0; j < eta.length; j++) eta[j] /= total
}

/**
 * Samples of the simplex for random images: at first uniform on all of it, later nine in ten on decision boundaries, where
 * the certificate is; rivals are drawn more often the closer they come to the label on their boundary, looked at every 100
 * steps. The loss is one of Cayley parameters, so that the scores stay 1-Lipschitz.
 */
export async function boundaryLoss(scores: Field, digits: Digits, recipe: FiodeRecipe): Promise<Loss> {
  const look = await closeness(scores, digits, recipe)
  const { batch, steps } = recipe.training
  const loss: Loss = {
    name: 'FI-ODE',
    bind(field, _data, execution) {
      let [weights, calls, interior] = [look(field.theta), 0, 1]
      const inner = sampledLoss<Restored>({
        integrand: boundaryIntegrand(field, recipe),
        batch,
        execution,
        draw(random, z) {
          const image = random.integer(digits.inputs.length)
          const label = digits.labels[image]
          const rival = drawRival(random, weights.subarray(image * classes, (image + 1) * classes))
          z.fill(0)
          z.set(digits.inputs[image], classes)
          z[classes + pixels + label] = 1
          z[2 * classes + pixels + rival] = 1
          const eta = z.subarray(0, classes)
          if (random.uniform() < interior) drawSimplex(random, eta)
          else boundaries[label][rival]?.draw(random, eta)
          return 0
        },
        restore: (theta) => ({ field: withTheta(field, theta) }),
      })
      return {
        ...inner,
        evaluate(theta, random, gradient) {
          interior = Math.max(0.1, 1 - (5 * calls) / steps)
          if (calls++ % refreshment === 0) weights = look(theta)
          return inner.evaluate(theta, random, gradient)
        },
      }
    },
  }
  return onOrthogonalGroup(loss)
}

/** A rival with probability in proportion to its weight. */
function drawRival(random: Random, weights: Float64Array): number {
  let left = random.uniform() * weights.reduce((s, v) => s + v, 0)
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i]
    if (weights[i] > 0 && left <= 0) return i
  }
  return weights.findIndex((v) => v > 0)
}

/** The difference of scores over which a rival's weight falls to 1/e. */
const softness = 0.25

/** Of each image and rival a weight in (0, 1], 0 for the label: exp(−margin at the face's centre / softness), at most 1. */
async function closeness(scores: Field, { inputs, labels }: Digits, { scale }: FiodeRecipe) {
  const count = inputs.length
  const read = await compileBatch(scores, { lanes: 'f32x4', capacity: count })
  inputs.forEach((image, k) => {
    image.forEach((v, i) => {
      read.x[(classes + i) * read.stride + k] = v
    })
  })
  const weights = new Float64Array(count * classes)
  return (theta: Float64Array): Float64Array => {
    read.theta.set(theta)
    weights.fill(0)
    for (let rival = 0; rival < classes; rival++) {
      for (let k = 0; k < count; k++)
        for (let j = 0; j < classes; j++) {
          const isEqual = j === rival || j === labels[k]
          read.x[j * read.stride + k] = scale * (isEqual ? centre.equal : centre.other)
        }
      read.evaluate(count, 0)
      for (let k = 0; k < count; k++) {
        if (labels[k] === rival) continue
        const margin = read.out[labels[k] * read.stride + k] - read.out[rival * read.stride + k]
        weights[k * classes + rival] = Math.exp(-Math.max(0, margin) / softness)
      }
    }
    return weights
  }
}

/** Entries of the middle between the vertex pair's middle (½, ½, 0, …) and the centre of the simplex. */
const centre = { equal: (0.5 + 1 / classes) / 2, other: 0.5 / classes }
