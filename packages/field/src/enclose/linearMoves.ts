import type { Field } from '../field.js'
import type { Op } from '../graph/node.js'
import { constantInterval } from './intervalRules.js'
import { add, type Form, grown, type LinearRule, magnitudeOf, type Place } from './linearForm.js'
import { sumUp } from './rounding.js'

export const leaf =
  <K extends Op>(first: (field: Field) => number): LinearRule<K> =>
  ({ out: { data, size }, sides, field, box }) => ({
    run() {
      for (let i = 0; i < size; i++) {
        const side = first(field) + i
        const [l, h] = [box.lo[side] as number, box.hi[side] as number]
        const m = l === h ? l : l / 2 + h / 2
        data[i] = m
        data[(1 + side) * size + i] = Math.max(sumUp(h - m), sumUp(m - l))
        // a box that is none, or unbounded, has no forms
        data[(1 + sides) * size + i] = l <= h && h - l < Infinity ? 0 : Number.NaN
      }
    },
    back() {},
  })

export const constant: LinearRule<'const'> = ({ node, out: { data, size, error }, sides }) => {
  node.values.forEach((v, i) => {
    const { lo, hi } = constantInterval(v, node.exact === true)
    data[i] = v
    error[i] = Math.max(sumUp(hi - v), sumUp(v - lo))
    data[(1 + sides) * size + i] = error[i] as number
  })
  return undefined
}

/** Entries of the arguments, moved. */
export const moved =
  <K extends Op>(source: (place: Place<K>) => readonly (readonly [number, number])[]): LinearRule<K> =>
  (place) => {
    const { out, args, sides } = place
    const from = source(place).map(([a, k]) => [args[a] as Form, k] as const)
    return {
      run() {
        for (let i = 0; i < from.length; i++) {
          const [{ data, size }, k] = from[i] as readonly [Form, number]
          for (let p = 0; p < sides + 2; p++) out.data[p * out.size + i] = data[p * size + k] as number
        }
      },
      back() {
        for (let i = 0; i < from.length; i++) {
          const [{ adjoint }, k] = from[i] as readonly [Form, number]
          add(adjoint, k, out.adjoint[i] as number)
        }
      },
    }
  }

/** Sums of entries of the argument: those at from[i] make entry i. */
export const summed =
  <K extends Op>(groups: (place: Place<K>) => readonly (readonly number[])[]): LinearRule<K> =>
  (place) => {
    const from = groups(place)
    const { out, sides, slack } = place
    const [x] = place.args as [Form]
    const last = (1 + sides) * out.size
    return {
      run() {
        from.forEach((entries, i) => {
          for (let p = 0; p < sides + 2; p++)
            out.data[p * out.size + i] = entries.reduce((s, k) => s + (x.data[p * x.size + k] as number), 0)
          const magnitude = entries.reduce((s, k) => s + magnitudeOf(x, k), 0)
          out.error[i] = entries.length < 2 ? 0 : grown(0, entries.length + slack, magnitude)
          out.data[last + i] =
            grown(out.data[last + i] as number, entries.length, 0) + (out.error[i] as number)
        })
      },
      back() {
        from.forEach((entries, i) => {
          for (const k of entries) add(x.adjoint, k, out.adjoint[i] as number)
        })
      },
    }
  }

export const linear =
  (sign: 1 | -1): LinearRule<'add' | 'sub'> =>
  ({ out: { data, size, error, adjoint }, args, sides, slack }) => {
    const [x, y] = args as [Form, Form]
    const last = (1 + sides) * size
    return {
      run() {
        for (let i = 0; i < size; i++) {
          for (let at = i; at < last; at += size)
            data[at] = (x.data[at] as number) + sign * (y.data[at] as number)
          error[i] = grown(0, 1 + slack, magnitudeOf(x, i) + magnitudeOf(y, i))
          data[last + i] = grown(
            (x.data[last + i] as number) + (y.data[last + i] as number) + (error[i] as number),
            3,
            0,
          )
        }
      },
      back() {
        for (let i = 0; i < size; i++) {
          add(x.adjoint, i, adjoint[i] as number)
          add(y.adjoint, i, sign * (adjoint[i] as number))
        }
      },
    }
  }
