import * as I from './interval.js'

/** The arithmetic that a jet is made of: intervals over a box, or formulas at the origin. */
export interface Ring<T> {
  readonly constant: (value: number, exact: boolean) => T
  readonly add: (a: T, b: T) => T
  readonly sub: (a: T, b: T) => T
  readonly mul: (a: T, b: T) => T
  readonly div: (a: T, b: T) => T
  readonly power: (a: T, k: number) => T
  readonly call: (name: string, x: T) => T
  readonly angle: (y: T, x: T) => T
}

export const intervals: Ring<I.Interval> = { ...I, call: (name, x) => I.functions[name](x) }

/** A value at the origin: a text that equal formulas share, and an enclosure. */
export interface Formula {
  readonly t: string
  readonly v: I.Interval
}

const knownAtZero: Readonly<Record<string, string>> = Object.fromEntries([
  ...['sqrt', 'sin', 'tan', 'atan', 'sinh', 'tanh', 'abs', 'relu'].map((name) => [name, '0']),
  ...['exp', 'cos', 'cosh'].map((name) => [name, '1']),
])

/**
 * Values as formulas, equal only if their texts are: enough to see cancellations such as sin(π/3) − sin(π/3), and right
 * whenever it says '0', given that every enclosure is finite. Long texts are numbered.
 */
export function formulas(): Ring<Formula> {
  const numbers = new Map<string, string>()
  const text = (t: string) => {
    const known = numbers.get(t) ?? `#${numbers.size}`
    numbers.set(t, known)
    return known
  }
  const called = (name: string, { t, v }: Formula) => {
    if (v.hi < 0 && (name === 'relu' || name === 'step')) return '0'
    if (v.lo > 0 && (name === 'relu' || name === 'step')) return name === 'relu' ? t : '1'
    return (t === '0' ? knownAtZero[name] : undefined) ?? text(`${name}(${t})`)
  }
  const lift =
    (symbol: (a: string, b: string) => string | undefined, name: string, f: typeof I.add) =>
    (a: Formula, b: Formula): Formula => ({
      t: symbol(a.t, b.t) ?? text(`${a.t} ${name} ${b.t}`),
      v: f(a.v, b.v),
    })
  return {
    constant: (c, exact) => ({
      t: Number.isSafeInteger(c) ? `${c + 0}` : `${c}${exact ? '!' : ''}`,
      v: I.constant(c, exact),
    }),
    add: lift((a, b) => (a === '0' ? b : b === '0' ? a : undefined), '+', I.add),
    sub: lift((a, b) => (a === b ? '0' : b === '0' ? a : undefined), '-', I.sub),
    mul: lift(
      (a, b) => (a === '0' || b === '0' ? '0' : a === '1' ? b : b === '1' ? a : undefined),
      '*',
      I.mul,
    ),
    div: lift((a, b) => (a === '0' || b === '1' ? a : undefined), '/', I.div),
    power: ({ t, v }, k) => {
      const isSame = k === 1 || t === '1' || (t === '0' && k > 0)
      return { t: k === 0 ? '1' : isSame ? t : text(`${t}^${k}`), v: I.power(v, k) }
    },
    call: (name, x) => ({ t: called(name, x), v: I.functions[name](x.v) }),
    angle: lift(() => undefined, 'angle', I.angle),
  }
}
