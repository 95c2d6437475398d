/** Degree of the polynomial that stands for an event function within a step. */
const degree = 8

/** θ = (1 − cos(πj/8))/2: Chebyshev's points, ends included. */
const nodes = Float64Array.from(
  { length: degree + 1 },
  (_, j) => 0.5 * (1 - Math.cos((Math.PI * j) / degree)),
)

/** Bisections after which two roots count as one: 2⁻⁴⁰ of a step. */
const deepest = 40

/** Off the middle, where symmetric problems have their roots. */
const cut = 0.5078125

/** An interval of θ with one simple root, by the signs of the event function at its ends. */
export interface RootInterval {
  readonly from: number
  readonly to: number
}

/** An event function within a step: its values, and the polynomial through them. */
export interface StepSamples {
  readonly values: Float64Array
  /** in Bernstein form; undefined where a value is not finite */
  readonly coefficients: readonly number[] | undefined
}

/** Nine evaluations at Chebyshev's points, and the polynomial of degree 8 through them. */
export function sampleStep(g: (theta: number) => number): StepSamples {
  const values = nodes.map((theta) => g(theta))
  if (!values.every(Number.isFinite)) return { values, coefficients: undefined }
  const coefficients = toBernstein.map((row) => row.reduce((sum, v, j) => sum + v * (values[j] as number), 0))
  coefficients[0] = values[0] as number
  coefficients[degree] = values[degree] as number
  return { values, coefficients }
}

/**
 * Finds all roots of a smooth function on (0, 1]: the polynomial that stands for it, in Bernstein form, is
 * bisected until the coefficients change sign once at most (Descartes' rule; Lane & Riesenfeld 1981). So two
 * roots close to each other, between which the function is of one sign at both ends, are told apart. A few
 * hundred operations; what is smaller than the polynomial's error, (h/ℓ)⁹ for a function that varies on the
 * scale ℓ, is not seen.
 */
export function isolateRoots({ values, coefficients }: StepSamples): RootInterval[] {
  if (coefficients === undefined) return changesBetween(values)
  const found = rootsOf(coefficients)
  if (values[degree] === 0) found.push({ from: 1, to: 1 })
  return found
}

/** Intervals with one root each of a polynomial in Bernstein form, within (0, 1). */
export function rootsOf(coefficients: readonly number[]): RootInterval[] {
  const found: RootInterval[] = []
  bisect(coefficients, 0, 1, 0, found)
  return found
}

/** Where the function is not finite everywhere there is no polynomial: changes of sign between the points that are. */
function changesBetween(samples: ArrayLike<number>): RootInterval[] {
  const found: RootInterval[] = []
  for (let j = 1; j < samples.length; j++) {
    const [a, b] = [samples[j - 1] as number, samples[j] as number]
    if (Number.isFinite(a) && Number.isFinite(b) && Math.sign(a) * Math.sign(b) < 0)
      found.push({ from: nodes[j - 1] as number, to: nodes[j] as number })
  }
  return found
}

function bisect(c: readonly number[], from: number, to: number, depth: number, found: RootInterval[]): void {
  const changes = signChanges(c)
  if (changes === 0) return
  if (changes === 1 && c[0] !== 0 && c[c.length - 1] !== 0) {
    found.push({ from, to })
    return
  }
  if (depth === deepest) return
  const [left, right] = split(c)
  const middle = from + cut * (to - from)
  bisect(left, from, middle, depth + 1, found)
  if (right[0] === 0) found.push({ from: middle, to: middle })
  bisect(right, middle, to, depth + 1, found)
}

function signChanges(c: readonly number[]): number {
  let [changes, last] = [0, 0]
  for (const v of c) {
    const sign = Math.sign(v)
    if (sign !== 0 && last !== 0 && sign !== last) changes++
    if (sign !== 0) last = sign
  }
  return changes
}

/** De Casteljau's subdivision. */
function split(c: readonly number[]): [number[], number[]] {
  const left: number[] = []
  const right: number[] = []
  let row = [...c]
  while (row.length > 0) {
    left.push(row[0] as number)
    right.unshift(row[row.length - 1] as number)
    row = row.slice(1).map((v, i) => (1 - cut) * (row[i] as number) + cut * v)
  }
  return [left, right]
}

/** Matrix from values at the nodes to Bernstein coefficients: the inverse of B_k(node_j). */
const toBernstein: readonly (readonly number[])[] = invert(
  Array.from(nodes, (x) =>
    Array.from({ length: degree + 1 }, (_, k) => binomial(degree, k) * x ** k * (1 - x) ** (degree - k)),
  ),
)

function binomial(n: number, k: number): number {
  return k === 0 ? 1 : (binomial(n, k - 1) * (n - k + 1)) / k
}

/** Gauss–Jordan elimination with pivoting. */
function invert(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  for (let k = 0; k < n; k++) {
    let p = k
    for (let i = k + 1; i < n; i++)
      if (Math.abs((rows[i] as number[])[k] as number) > Math.abs((rows[p] as number[])[k] as number)) p = i
    ;[rows[k], rows[p]] = [rows[p] as number[], rows[k] as number[]]
    const pivotRow = rows[k] as number[]
    const pivot = pivotRow[k] as number
    for (let j = 0; j < 2 * n; j++) pivotRow[j] = (pivotRow[j] as number) / pivot
    rows.forEach((row, i) => {
      const factor = row[k] as number
      if (i !== k)
        for (let j = 0; j < 2 * n; j++) row[j] = (row[j] as number) - factor * (pivotRow[j] as number)
    })
  }
  return rows.map((row) => row.slice(n))
}
