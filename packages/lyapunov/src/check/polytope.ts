import { type Box, bounds, linearized, prove, replaced, widest } from './boxes.js'
import { lie } from './formulas.js'
import { type Interval, intervals, isBounded, sub } from './interval.js'
import { isPositive } from './isPositive.js'
import { numberOf, polynomials } from './polynomial.js'
import { demand, isIndex } from './program.js'
import { type Problem, readNumbers } from './readCertificate.js'
import { along, type Formula, type Formulas, jets, minus, number, variables } from './ring.js'

/**
 * No solution leaves {x in domain: A(x) ≤ 0}, A affine: where a row or a side of the domain is an equality, its rate
 * a·f is negative, or with one coordinate eliminated has no terms but nonpositive ones (Nagumo; f is Lipschitz on a little
 * more than the domain). Rows that are equalities throughout have the rate 0, as a formula.
 */
export function checkPolytope(problem: Problem): void {
  const { f, V: A, domain, states: n, level, claim, proof, budget } = problem
  demand(level === 0, 'a level out of range')
  const rows: Formulas = (r, x) => [
    ...A(r, x),
    ...domain.slice(0, n).flatMap(({ lo, hi }, i) => [
      minus(r, x[i], number(r, hi)),
      minus(r, number(r, lo), x[i]),
    ]),
  ] // biome-ignore format: one row a line
  const P = polynomials(domain.length)
  const x = domain.map((_, i) => P.variable(i))
  const normals = rows(jets(P, x.length), variables(P, x)).map(({ slopes }) => slopes)
  const equalities = claim.equalities ?? []
  demand(equalities.every((k) => isIndex(k, normals.length - 2 * n)), 'an equality without its row') // biome-ignore format: one line
  const witness = readNumbers(proof.witness, 'the witness', n).map((v) => P.constant(v, false))
  rows(P, [...witness, ...x.slice(n)]).forEach((p, k) => {
    const value = numberOf(p)?.[0] ?? 1n
    demand(value === 0n || (value < 0n && !equalities.includes(k)), 'the witness is not in the set')
  })
  demand(linearized(rows, domain).flat().every(isBounded), 'A is not defined') // biome-ignore format: one line
  const isLipschitz = (box: Box) => linearized(f, box).flat().every(isBounded) // biome-ignore format: one line
  const room = domain.map(({ lo, hi }) => sub({ lo, hi }, { lo: (lo - hi) / 2 ** 20, hi: (hi - lo) / 2 ** 20 })) // biome-ignore format: one line
  prove(room, budget, (box) => (isLipschitz(box) ? undefined : widest(box)))
  normals.forEach((normal, index) => {
    const isAffine = normal.every((a) => a === undefined || numberOf(a))
    const k = normal.findIndex((a) => a !== undefined && a.size > 0)
    demand(isAffine && k >= 0 && k < n, 'a row that is not affine')
    const row: Formula = (r, y) => rows(r, y)[index]
    // the coordinate that the row gives by the others: −row(xₖ = 0)/aₖ
    const solved: Formula = (r, y) => {
      const unit = y.map((_, i) => (i === k ? number(r, 1) : number(r, 0)))
      const a = along(r, y, unit, row).slopes[0] ?? number(r, 0)
      return r.neg(r.mul(row(r, replaced(y, k, number(r, 0))), r.inverse(a)))
    }
    const rate = lie(problem, row)
    const outward = rate(P, replaced(x, k, solved(P, x)))
    const isEqual = equalities.includes(index)
    demand(!isEqual || outward.size === 0, 'the rate of an equality is not shown to vanish')
    const isNonnegative = (i: number) => i < domain.length && domain[i].lo >= 0
    if (isPositive(P.neg(outward), { isNonnegative })) return
    prove(domain, budget, (box) => {
      const given = solved(intervals, box)
      const face = { lo: Math.max(box[k].lo, given.lo), hi: Math.min(box[k].hi, given.hi) }
      if (face.lo > face.hi) return undefined
      const part = replaced(box, k, face)
      const isOff = (v: Interval, i: number) => v.lo > 0 || (equalities.includes(i) && v.hi < 0)
      if (rows(intervals, part).some(isOff)) return undefined
      const { hi, axis } = bounds(rate, part, domain)
      return hi < 0 ? undefined : axis
    })
  })
}
