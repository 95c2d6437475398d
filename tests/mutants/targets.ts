import type { Mutant } from './sites.js'

/**
 * A mutant placed by hand: the text of an expression that occurs once in the source (the n-th time, from 0, where that is
 * given), or of more, of which «…» marks the expression; and what takes its place.
 */
type Target = readonly [source: string, before: string, after: string, occurrence?: number]

const certify = (name: string) => `packages/lyapunov/src/certify/${name}.ts`
const enclose = (name: string) => `packages/field/src/enclose/${name}.ts`

/** An enclosure that looks at the middle of a box instead of all of it. */
const atMiddle = (read: string) =>
  `((lo, hi, outLo, outHi) => { const c = Float64Array.from(lo, (v, i) => (v + hi[i]) / 2); (${read})(c, c, outLo, outHi) })`
/** Readings of which one does so. */
const sampledIn = (key: string) => `({ ...readings, ${key}: ${atMiddle(`readings.${key}`)} })`

/** Every choice of all but one. */
const allButOne = (list: readonly string[]) => list.map((_, i) => list.filter((_v, k) => k !== i))

/** Bodies of the roundings: value, sign, step. */
const directions = [
  ['s', '-', 'relativeStep * Math.abs(s)'],
  ['s', '+', 'relativeStep * Math.abs(s)'],
  ['c', '-', '(relativeStep * Math.abs(c) + smallestStep)'],
  ['c', '+', '(relativeStep * Math.abs(c) + smallestStep)'],
  ['v', '-', '(relative * Math.abs(v) + smallestStep)'],
  ['v', '+', '(relative * Math.abs(v) + smallestStep)'],
] as const

/** Roundings where they are defined and printed; those that are called are found by the operators "rounding …". */
const roundings: readonly Target[] = [
  ...directions.flatMap(([v, sign, step]): Target[] => [
    [enclose('rounding'), `${v} ${sign} ${step}`, `${v} ${sign === '-' ? '+' : '-'} ${step}`],
    [enclose('rounding'), `${v} ${sign} ${step}`, v],
  ]),
  [enclose('rounding'), 'relativeStep * Math.abs(c) + smallestStep', 'relativeStep * Math.abs(c)', 0],
  [enclose('rounding'), 'relativeStep * Math.abs(c) + smallestStep', 'relativeStep * Math.abs(c)', 1],
  [enclose('intervalCode'), "`m$ - ${step('m$')}`", "`m$ + ${step('m$')}`"],
  [enclose('intervalCode'), "`m$ - ${step('m$')}`", "'m$'"],
  [enclose('intervalCode'), "`M$ + ${step('M$')}`", "`M$ - ${step('M$')}`"],
  [enclose('intervalCode'), "`M$ + ${step('M$')}`", "'M$'"],
  [enclose('intervalCode'), '`(${E} * ${size(s)} + ${T})`', '`${E} * ${size(s)}`'],
  [enclose('intervalCode'), '`(${E} * ${size(s)} + ${T})`', '`${T}`'],
  [enclose('intervalCode'), 'roundings * relativeStep', 'relativeStep'],
  [enclose('intervalCode'), 'roundings * smallestStep', 'smallestStep'],
  ...[0, 1].flatMap((nth): Target[] => [
    [enclose('intervalCode'), '`${name}Down(${x.lo})`', '`${name}Up(${x.lo})`', nth],
    [enclose('intervalCode'), '`${name}Up(${x.hi})`', '`${name}Down(${x.hi})`', nth],
  ]),
  [enclose('intervalCode'), '`logDown(${x.lo})`', '`logUp(${x.lo})`'],
  [enclose('intervalCode'), '`${x.lo} > 0 ? logUp(${x.hi}) : NaN`', '`${x.lo} > 0 ? logDown(${x.hi}) : NaN`'],
  [enclose('intervalCode'), '`coshDown(${least})`', '`coshUp(${least})`'],
  [enclose('intervalCode'), '`coshUp(${greatest})`', '`coshDown(${greatest})`'],
  [enclose('intervalCode'), '`powDown(${all})`', '`powUp(${all})`'],
  [enclose('intervalCode'), '`powUp(${all})`', '`powDown(${all})`'],
  [enclose('laneIntervals'), "c.op('sub', low, step(low))", "c.op('add', low, step(low))"],
  [enclose('laneIntervals'), "c.op('sub', low, step(low))", 'low'],
  [enclose('laneIntervals'), "c.op('add', high, step(high))", "c.op('sub', high, step(high))"],
  [enclose('laneIntervals'), "c.op('add', high, step(high))", 'high'],
  [enclose('laneIntervals'), "c.op('add', c.op('mul', E, size), T)", "c.op('mul', E, size)"],
  [enclose('laneIntervals'), 'roundings * relativeStep', 'relativeStep'],
  [enclose('intervalRules'), 'p - (exponent * relativeStep * Math.abs(p) + exponent * smallestStep)', 'p'],
  [enclose('intervalRules'), 'p - (exponent * relativeStep * Math.abs(p) + exponent * smallestStep)', 'down(p)'],
  [enclose('intervalRules'), 'q + (exponent * relativeStep * Math.abs(q) + exponent * smallestStep)', 'q'],
  [enclose('intervalRules'), 'q + (exponent * relativeStep * Math.abs(q) + exponent * smallestStep)', 'up(q)'],
  [enclose('linearForm'), 'k * relativeStep * (r + magnitude)', '0'],
  [enclose('linearForm'), 'k * relativeStep * (r + magnitude)', 'k * relativeStep * r'],
  [enclose('trigonometric'), 'inflateDown(v, waveRelative) - restDoubt(x, k)', 'inflateDown(v, waveRelative)'],
  [enclose('trigonometric'), 'inflateDown(value, tangentRelative) - error', 'inflateDown(value, tangentRelative)'],
] // biome-ignore format: one mutant a line

const meanTerm = 'sl * dl, sl * dh, sh * dl, sh * dh'.split(', ')
const ends = ['p', 'q', 'r', 's']

/** Terms of the forms that bounds are made of. */
const terms: readonly Target[] = [
  ...['min', 'max'].flatMap((end) =>
    allButOne(meanTerm).map((rest): Target => [certify('boxBounds'), `Math.${end}(${meanTerm.join(', ')})`, `Math.${end}(${rest.join(', ')})`]),
  ),
  [certify('boxBounds'), 'upper ? centreHigh : centreLow', 'upper ? centreLow : centreHigh'],
  [certify('boxBounds'), '[n, size]', '[n, n]'],
  [certify('boxBounds'), 'isSteady(slopeLow, slopeHigh, n + size)', 'true'],
  [certify('boxBounds'), 'Number.isNaN(b) ? a : Math.max(a, b)', 'Number.isNaN(b) ? a : b'],
  [certify('readings'), 'p <= sides + 1', 'p <= sides'],
  [certify('readings'), 'rate === 0 ? place(derivative) : b.add(place(derivative), b.mul(b.constant(rate, true), place(V)))', 'place(derivative)'],
  [certify('readings'), 'b.sub(place(V, { state: place(f) }), place(V))', 'place(V, { state: place(f) })'],
  [certify('originBox'), 'combineIntervals(multiplyIntervals(hessian, jacobian, true), hessian, rate / 2)', 'multiplyIntervals(hessian, jacobian, true)'],
  [certify('originBox'), 'combineIntervals(product, turned, 1)', 'product'],
  [certify('originBox'), 'combineIntervals(combineIntervals(product, turned, 1), hessian, rate)', 'combineIntervals(product, turned, 1)'],
  [certify('originBox'), '!isPositiveDefinite(symmetricPart(hessian, 1))', 'false'],
  [certify('originBox'), '!isSteady(low, high, 2 * n * n)', 'false', 0],
  [certify('originBox'), '!isSteady(low, high, 2 * n * n)', 'false', 1],
  [certify('intervalMatrix'), 'a.lo.map((v, i) => roundSumDown(v + roundDown(scale * (b.lo[i] as number))))', 'a.lo'],
  [certify('intervalMatrix'), 'a.hi.map((v, i) => roundSumUp(v + roundUp(scale * (b.hi[i] as number))))', 'a.hi'],
  ...['min', 'max'].flatMap((end) =>
    allButOne('al * bl, al * bh, ah * bl, ah * bh'.split(', ')).map((rest): Target => [
      certify('intervalMatrix'), `Math.${end}(al * bl, al * bh, ah * bl, ah * bh)`, `Math.${end}(${rest.join(', ')})`,
    ]),
  ),
  [certify('intervalMatrix'), '(product.lo[i * n + i] as number) > radius', '(product.lo[i * n + i] as number) > 0'],
  ...['min', 'max'].flatMap((end) =>
    allButOne(ends).flatMap((rest) => [0, 1].map((nth): Target => [
      enclose('intervalRules'), `Math.${end}(p, q, r, s)`, `Math.${end}(${rest.join(', ')})`, nth,
    ])),
  ),
  ...[['min', 'min(min(p$, q$), min(r$, s$))'], ['max', 'max(max(p$, q$), max(r$, s$))']].flatMap(([end, code]) =>
    allButOne(ends).flatMap(([a, b, c]) => [0, 1].map((nth): Target => [
      enclose('intervalCode'), `'${code}'`, `'${end}(${a}$, ${end}(${b}$, ${c}$))'`, nth,
    ])),
  ),
  [enclose('intervalRules'), 'add(product(row(w, i, cols), x), b[i] as Interval)', 'product(row(w, i, cols), x)'],
  [enclose('intervalRules'), 'add(total, mul(v, y[i] as Interval))', 'mul(v, y[i] as Interval)'],
  [enclose('laneIntervals'), "c.op('pmin', c.op('pmin', p, q), c.op('pmin', r, s))", "c.op('pmin', q, r)"],
  [enclose('laneIntervals'), "c.op('pmin', c.op('pmin', p, q), c.op('pmin', r, s))", "c.op('pmin', p, s)"],
  [enclose('laneIntervals'), "c.op('pmax', c.op('pmax', p, q), c.op('pmax', r, s))", "c.op('pmax', p, s)"],
  [enclose('laneIntervals'), "c.op('pmax', c.op('pmax', p, q), c.op('pmax', r, s))", "c.op('pmax', q, r)"],
  [enclose('laneIntervals'), "doubt === undefined ? term : c.op('add', doubt, term)", 'doubt ?? term'],
  [enclose('laneIntervals'), "c.op('add', x.lo, failure)", 'x.lo'],
  [enclose('linearForm'), 'let at = «i»', 'i + size'],
  ...allButOne(['xs * yr', 'ys * xr', 'xr * yr', 'blur / 2', 'cross']).map((rest): Target => [
    enclose('linearProducts'), 'xs * yr + ys * xr + xr * yr + blur / 2 + cross', rest.join(' + '),
  ]),
  [enclose('linearProducts'), 'xc * yc + bend / 2', 'xc * yc'],
  [enclose('linearProducts'), 'Math.abs(xc) * yr + Math.abs(yc) * xr', 'Math.abs(xc) * yr'],
  [enclose('linearProducts'), 'Math.abs(xc) * yr + Math.abs(yc) * xr', 'Math.abs(yc) * xr'],
  [enclose('linearProducts'), 'xc * h + yc * g', 'xc * h'],
  [enclose('linearProducts'), 'xc * h + yc * g', 'yc * g'],
  [enclose('linearRules'), 'grown(radius, 3 + slack, size * all + Math.abs(offset))', '0'],
  [enclose('linearRelaxation'), 'up(Math.max(-gap.lo, gap.hi) * reach)', '0'],
  [enclose('linearRelaxation'), 'add(add(line, lean), bow)', 'add(line, lean)'],
  [enclose('linearRelaxation'), 'add(add(line, lean), bow)', 'add(line, bow)'],
  [enclose('encloseLinear'), 'total + largest * (smallestStep * slack * entries)', '0'],
  [certify('equilibriumBox'), '[-inverse[i * n + k], -inverse[i * n + k]]', '[inverse[i * n + k], inverse[i * n + k]]'],
  [certify('equilibriumBox'), '[-inverse[i * n + k], -inverse[i * n + k]]', '[0, 0]'],
  [certify('equilibriumBox'), '[rest.lo[i * n + k], rest.hi[i * n + k]]', '[0, 0]'],
  [certify('equilibriumBox'), '{ n, lo: product.hi.map((v) => -v), hi: product.lo.map((v) => -v) }', 'product'],
  [certify('equilibriumBox'), '!isDefined', 'false'],
  [certify('proveQuadratic'), 'roundUp(reach[k] * Math.max(roundSumUp(high - slope), roundSumUp(slope - low)))', '0'],
  [certify('proveQuadratic'), 'slope * reach[k] * ((corner >> Math.max(place, 0)) & 1 ? 1 : -1)', '0'],
  [certify('proveQuadratic'), 'combineIntervals(multiplyIntervals(hessian, s, true), hessian, rate / 2)', 'multiplyIntervals(hessian, s, true)'],
  [certify('proveQuadratic'), 'roundUp(level / roundDown(size * size))', '0'],
  [certify('invariantPolytope'), 'binaryInterval.add(total, offset(i))', 'total'],
  [certify('invariantPolytope'), 'isDefined && total.hi < 0', 'total.hi < 0'],
  [certify('spectralNorm'), 'gramNorm(point(centre)) + gramNorm(point(radius))', 'gramNorm(point(centre))'],
  [certify('spectralNorm'), 'gramNorm(point(centre)) + gramNorm(point(radius))', 'gramNorm(point(radius))'],
  [certify('lipschitzConstant'), 'product + (of[2] ?? 0)', 'product'],
  [certify('lipschitzConstant'), 'roundUp(slopes[node.op] * of[0])', 'slopes[node.op]'],
  [certify('certifiedRadius'), 'roundUp(factor * layerBound(f, norm))', 'layerBound(f, norm)'],
  [certify('flowCertifier'), 'roundSumDown(square - loss)', 'square'],
  [certify('flowCertifier'), 'roundSumDown(roundSumDown(out[label] - out[rival]) - roundUp(2 * error))', 'out[label] - out[rival]'],
  [certify('evaluationError'), 'passed + roundSumUp(own + terms * 1e3 * tiny)', 'passed'],
  [certify('evaluationError'), 'passed + roundSumUp(own + terms * 1e3 * tiny)', 'own'],
] // biome-ignore format: one mutant a line

/** Slopes and ranges taken at a point instead of over a box. */
const samples: readonly Target[] = [
  [certify('boxBounds'), 'const { n, size, natural, slopes, slopesSize } = «readings»', sampledIn('slopes')],
  [certify('boxBounds'), 'const { n, size, natural, slopes, slopesSize } = «readings»', sampledIn('natural')],
  [certify('originBox'), 'const { n, size, rate, time, natural, second, secondSize } = «readings»', sampledIn('second')],
  [certify('originBox'), 'const { n, size, rate, time, natural, second, secondSize } = «readings»', sampledIn('natural')],
  [certify('originBox'), 'differenceForm(«readings», { lo, hi }', sampledIn('second')],
  [certify('originBox'), 'differenceForm(«readings», { lo, hi }', sampledIn('image')],
  [certify('originBox'), 'confinement(«readings», domain)', sampledIn('image')],
  [certify('proveDecrease'), 'confinement(«readings», domain)', sampledIn('image')],
  [certify('equilibriumBox'), 'over(slope, «box», n * n)', 'Array.from(centre, (c) => [c, c])'],
  [certify('equilibriumBox'), 'over(value, «box», n)', 'Array.from(centre, (c) => [c, c])'],
  [certify('invariantPolytope'), 'risingAxis(value, «slopes», part)', atMiddle('slopes')],
  [certify('invariantPolytope'), 'risingAxis(«value», slopes, part)', atMiddle('value')],
  [certify('invariantPolytope'), '[enclose(field), «enclose(jacobian(field))»]', atMiddle('enclose(jacobian(field))')],
  [certify('invariantPolytope'), '[«enclose(field)», enclose(jacobian(field))]', atMiddle('enclose(field)')],
  [certify('lipschitzConstant'), '[enclose(f), «enclose(jacobian(f))»]', atMiddle('enclose(jacobian(f))')],
  [certify('lipschitzConstant'), '[«enclose(f)», enclose(jacobian(f))]', atMiddle('enclose(f)')],
  [certify('certifiedRadius'), 'enclose(gradient(marginOf(f, label, j)))', atMiddle('enclose(gradient(marginOf(f, label, j)))')],
  [certify('certifiedRadius'), 'const value = «enclose(f)»', atMiddle('enclose(f)')],
  [certify('factoredRate'), 'const read = «enclose(values)»', atMiddle('enclose(values)')],
  [certify('factoredRate'), 'Array.from(lo, (v, i) => ({ lo: v, hi: hi[i] }))', 'Array.from(lo, (v, i) => ({ lo: (v + hi[i]) / 2, hi: (v + hi[i]) / 2 }))'],
  [certify('certifyStability'), 'const { n, natural, slopes, sample } = «readings»', sampledIn('natural')],
  [certify('certifyStability'), 'outLo.fill(«-Infinity», n)', '0'],
  [certify('certifyStability'), 'outHi.fill(«Infinity», n)', '0'],
  [certify('originSlopes'), 'mul(part, span)', 'mul(number((k + 0.5) / slices), span)'],
  [certify('originSlopes'), 'add(p.range, { v: p.at0 })', 'mul(number(2), { v: p.at0 })'],
  [certify('originSlopes'), 'add(p.range, { v: p.at0 })', 'mul(number(2), p.range)'],
  [certify('originSlopes'), 'add(mul(«q.range», a), mul({ v: p.at0 }, b))', '{ v: q.at0 }'],
  [certify('originSlopes'), 'div(sub(a, mul({ v: at0 }, b)), «q.range»)', '{ v: q.at0 }'],
  [certify('originSlopes'), 'meanSlope(p, () => sub(range, { v: at0 }), derivatives[op])', 'derivatives[op]({ v: p.at0 })'],
  [certify('originSlopes'), 'meanSlope(p, whole, derivative)', 'derivative({ v: p.at0 })'],
  [certify('proveQuadratic'), 'const over = «slopes(box)»', 'slopes(box.map(({ lo, hi }) => ({ lo: midpoint(lo, hi), hi: midpoint(lo, hi) })))'],
  [certify('proveQuadratic'), 'second, secondSize, field, rate, time } = «readings»', sampledIn('second')],
  [enclose('linearRelaxation'), 'curvature(«{ lo: l, hi: h }»)', 'at'],
  [enclose('linearRules'), 'relax(«sumDown(c - reach)», sumUp(c + reach), found)', 'c'],
  [enclose('linearRules'), 'relax(sumDown(c - reach), «sumUp(c + reach)», found)', 'c'],
] // biome-ignore format: one mutant a line

const half = (which: 0 | 1) => `[${which}]`
/** An `open.push` of two halves by which one is dropped for a box without width. */
const emptyHalf = (name: string) => [
  [certify(name), '«{ lo, hi: hi.map((v, i) => (i === axis ? middle : v)) }»,', '{ lo, hi: lo }'],
  [certify(name), '«{ lo: lo.map((v, i) => (i === axis ? middle : v)), hi }»,', '{ lo: hi, hi }'],
] as const satisfies readonly Target[] // biome-ignore format: one mutant a line

/** Faces, halves and corners that nobody looks at. */
const faces: readonly Target[] = [
  [certify('faceMinimum'), 'for (let i = 0; «i < n»; i++)\n    for (const side', 'i < n - 1'],
  [certify('faceMinimum'), 'for (let i = 0; «i < n»; i++)\n    for (const side', 'i < n && (n === 1 || i > 0)'],
  [certify('faceMinimum'), '[domain.lo, domain.hi]', '[domain.lo]'],
  [certify('faceMinimum'), '[domain.lo, domain.hi]', '[domain.hi]'],
  [certify('faceMinimum'), '[0, 1]', half(0)],
  [certify('faceMinimum'), '[0, 1]', half(1)],
  [certify('faceMinimum'), 'Math.min(queue.least(), least)', 'queue.least()'],
  [certify('faceMinimum'), 'key <= upper', 'key < upper - 1e-3'],
  [certify('certify'), '!(faces.lower > level)', 'false'],
  [certify('certifyStability'), '!(faces.lower > level)', 'false'],
  [certify('certifyStability'), 'level ?? faces.lower', 'level ?? Infinity'],
  [certify('certifyStability'), 'Math.min(result.proved, faces.lower)', 'result.proved'],
  [certify('regionOfAttraction'), 'ceiling: «faces.lower»,', 'Infinity'],
  [certify('regionOfAttraction'), 'Math.min(result.proved, faces.lower, refuted)', 'result.proved'],
  [certify('reachAvoidStay'), '!(faces.lower > level)', 'false'],
  [certify('reachAvoidStay'), '«[below, beyond]».filter', '[below]'],
  [certify('reachAvoidStay'), '«[below, beyond]».filter', '[beyond]'],
  ...emptyHalf('reachAvoidStay'),
  [certify('invariantSet'), '!(faces.lower > 0)', 'false'],
  [certify('invariantPolytope'), '[...constraints, ...sides]', 'constraints'],
  [certify('invariantPolytope'), '[...constraints, ...sides]', 'sides'],
  [certify('invariantPolytope'), '[...constraints, ...sides]', '[...constraints, ...sides.slice(1)]'],
  [certify('invariantPolytope'), '[...constraints, ...sides]', '[...constraints, ...sides.slice(0, -1)]'],
  [certify('invariantPolytope'), 'if («isWeaklyEntering(problem)») continue', 'true'],
  [certify('invariantPolytope'), 'isOff(c, part)', 'true'],
  [certify('invariantPolytope'), '«{ lo: part.lo, hi: part.hi.map((v, i) => (i === axis ? middle : v)) }»,', '{ lo: part.lo, hi: part.lo }'],
  [certify('invariantPolytope'), '«{ lo: part.lo.map((v, i) => (i === axis ? middle : v)), hi: part.hi }»,', '{ lo: part.hi, hi: part.hi }'],
  ...emptyHalf('invariantPolytope'),
  [certify('invariantPolytope'), '!isLipschitz(field, whole, maxBoxes)', 'false'],
  [certify('proveDecrease'), '[0, 1]', half(0)],
  [certify('proveDecrease'), '[0, 1]', half(1)],
  [certify('proveBand'), 'const half of «[0, 1]»', half(0)],
  [certify('proveBand'), 'const half of «[0, 1]»', half(1)],
  [certify('proveQuadratic'), 'const half of «[0, 1]»', half(0)],
  [certify('proveQuadratic'), 'const half of «[0, 1]»', half(1)],
  [certify('proveQuadratic'), '2 ** axes.length', '2 ** axes.length - 1'],
  [certify('proveQuadratic'), '2 ** axes.length', '1'],
  [certify('proveQuadratic'), '!radii.every(isWithin)', 'false'],
  [certify('proveQuadratic'), '«size < limits[axis]» &&', 'true'],
  [certify('proveQuadratic'), '«isPositiveDefinite(constraint(hessian, level, { axis, size }))»', 'true'],
  [certify('originBox'), "first === 'yes' ? decreasesAround(readings, upper, bisections - 1) : first", 'first'],
  [certify('originBox'), 'const first = «decreasesAround(readings, lower, bisections - 1)»', "'yes'"],
  [certify('originBox'), "leads(box.lo, box.hi) === 'inside'", 'true'],
  [certify('intervalMatrix'), 'if («!((product.lo[i * n + i] as number) > radius)»)', 'false'],
  [certify('decisionFaces'), 'isWhole ? 1 : 2 ** others.length', '1'],
  [certify('decisionFaces'), 'isWhole ? 1 : 2 ** others.length', '2 ** others.length - 1'],
  [certify('flowCertifier'), 'i !== label', 'i !== label && (n === 2 || i !== (label + 1) % n)'],
  [certify('flowCertifier'), 'open[k].room < open[worst].room', 'open[k].room > open[worst].room'],
  [certify('invariantSet'), '2 ** Math.min(n, 10)', '2 ** Math.min(n, 10) - 1'],
  [certify('lipschitzConstant'), 'key: «-bound(from, to)»', '-bound(from, from)'],
] // biome-ignore format: one mutant a line

/** What no prover may get away with, in every place where it makes sense. */
const kinds = {
  'flip a rounding': roundings,
  'drop a term': terms,
  'sample a slope': samples,
  'skip a face': faces,
} as const

export const targetKinds: ReadonlySet<string> = new Set(Object.keys(kinds))

/** The mutants placed by hand in one source. */
export function targetsOf(file: string, text: string): Mutant[] {
  return Object.entries(kinds).flatMap(([operator, list]) =>
    list.filter(([source]) => source === file).map(([, marked, after, occurrence]): Mutant => {
      const before = /«([^»]*)»/.exec(marked)?.[1] ?? marked
      const whole = marked.replace(/[«»]/g, '')
      const at = placeOf(whole, text, occurrence)
      if (at === undefined) throw new Error(`${file} has no single '${whole}' any more: see tests/mutants/targets.ts`)
      const from = at + Math.max(0, marked.indexOf('«'))
      const line = text.slice(0, from).split('\n').length
      const id = `${file} | ${operator} | ${marked} → ${after} #${(occurrence ?? 0) + 1}`
      return { id, file, operator, line, before, after, from, to: from + before.length }
    }),
  )
} // biome-ignore format: one chain

/** Where a text stands, the n-th time; without n it must stand there once. */
function placeOf(part: string, text: string, occurrence?: number): number | undefined {
  const places: number[] = []
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) places.push(at)
  return occurrence === undefined && places.length !== 1 ? undefined : places[occurrence ?? 0]
}
