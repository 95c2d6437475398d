import assert from 'node:assert/strict'
import { evaluateGrid, expression, interpret, system } from '@separatrix/field'
import { drawPoints, gaussianMixture } from '@separatrix/flows'
import { quadratic, regionOfAttraction } from '@separatrix/lyapunov'
import { test } from 'uvu'
import { boxesFigure } from '../../packages/separatrix/src/report/boxesFigure.js'
import { certifyReport } from '../../packages/separatrix/src/report/certifyReport.js'
import { densityPicture } from '../../packages/separatrix/src/report/densityPicture.js'
import { linePlot } from '../../packages/separatrix/src/report/linePlot.js'
import { renderPage } from '../../packages/separatrix/src/report/page.js'
import { quadraticForm } from '../../packages/separatrix/src/report/quadraticForm.js'
import { drawRegions } from '../../packages/separatrix/src/report/regionPictures.js'
import { crossing, onPlane, planesOf } from '../../packages/separatrix/src/report/slice.js'
import { sublevelArea } from '../../packages/separatrix/src/report/sublevelArea.js'
import { basinArea } from '../../packages/separatrix/src/study/basinArea.js'
import { separatrices } from '../../packages/separatrix/src/study/separatrices.js'
import { rimPoints, trajectories, valueAlong } from '../../packages/separatrix/src/study/trajectories.js'

const vanDerPol = system({
  name: 'vanDerPol',
  state: ['x', 'y'],
  dynamics: { x: '-y', y: 'x - (1 - x^2)*y' },
})
const plane = [[-2.5, 2.5], [-3.5, 3.5]] as const // biome-ignore format: a box

test('the area of an ellipse, to the square of the spacing', async () => {
  const V = quadratic([[1.5, -0.5], [-0.5, 1]]) // biome-ignore format: a matrix
  const exact = (Math.PI * 2.3) / Math.sqrt(1.25)
  const errors = []
  for (const n of [101, 201, 401]) {
    const { values } = await evaluateGrid(V, plane, [n, n], { backend: 'js' })
    errors.push(Math.abs(sublevelArea(values, plane, 2.3) - exact))
  }
  // at the top and the bottom the rows shrink like the root of the distance, where the trapezoidal rule of spacing h
  // errs by about 0.2·2√(2R)·h^(3/2), R the radius of curvature, near 1: 0.01 at h = 0.07, 0.0013 at a quarter of that
  assert.ok((errors[0] as number) < 0.02 && (errors[2] as number) < 0.003, String(errors))
})

test('without saddles the border is the limit cycle: one turn, of the known amplitude', () => {
  const [cycle, ...others] = separatrices(vanDerPol, plane)
  assert.equal(others.length, 0)
  // the cycle for μ = 1 reaches |x| = 2.00862 (a solve at 1e-12 in forward time gives 2.00861986); 4000 samples
  // of 200 time units are 0.05 apart, so the top of x is missed by up to x''·0.025²/2
  const top = Math.max(...(cycle ?? []).map(([x]) => x))
  assert.ok(Math.abs(top - 2.00862) < 2e-3, String(top))
})

test('with saddles the border is their stable manifold', () => {
  // a particle with friction in the potential cos x: saddles at ±π are its tops, seen from the well at 0
  const damped = system({ state: ['x', 'v'], dynamics: { x: 'v', v: '-sin(x) - 0.3*v' } })
  const curves = separatrices(damped, [[-5, 5], [-4, 4]]) // biome-ignore format: a box
  assert.equal(curves.length, 4)
  for (const curve of curves) {
    // forward from a point half-way along it, a trajectory comes as near to the saddle as a perturbation of 1e-5 lets it
    const start = curve[Math.floor(curve.length / 2)] as readonly [number, number]
    const [run] = trajectories(damped, [start], {
      time: 60,
      rtol: 1e-10,
      atol: 1e-12,
      near: 0.1,
      samples: 4000,
    })
    const nearest = Math.min(
      ...(run?.states ?? []).map(([x, v]) => Math.hypot(Math.abs(x as number) - Math.PI, v as number)),
    )
    assert.ok(nearest < 0.02, String(nearest))
  }
})

test('an area of attraction by simulation is that of the disc', () => {
  // r' = −r(1 − r²): the open unit disc comes home
  const disc = system({
    state: ['x', 'y'],
    dynamics: { x: '-x*(1 - x^2 - y^2) - y', y: '-y*(1 - x^2 - y^2) + x' },
  })
  const area = basinArea(disc, [[-1.5, 1.5], [-1.5, 1.5]], { cells: 40, time: 30, near: 0.05 }) // biome-ignore format: a box
  // about 110 cells of 0.0056 lie on the rim, each wrong by half either way: 3 standard deviations are 0.09
  assert.ok(Math.abs(area - Math.PI) < 0.09, String(area))
})

test('rim points lie on the rim', () => {
  const V = expression('x^2 + 4*y^2 + 0.1*x*y', ['x', 'y'])
  const points = rimPoints(V, 0.7, plane, 8)
  assert.equal(points.length, 8)
  for (const p of points) assert.ok(Math.abs((interpret(V, 0, p)[0] as number) - 0.7) < 1e-12)
})

test('V along trajectories of a proved region falls', () => {
  const V = quadratic([[1.5, -0.5], [-0.5, 1]]) // biome-ignore format: a matrix
  const runs = trajectories(vanDerPol, rimPoints(V, 2.3, plane, 6), {
    time: 15,
    rtol: 1e-9,
    atol: 1e-12,
    near: 0.05,
  })
  for (const run of runs) {
    assert.ok(run.arrives)
    const values = valueAlong(V, run).map(([, v]) => v)
    for (let i = 1; i < values.length; i++) assert.ok((values[i] as number) < (values[i - 1] as number))
  }
})

test('a quadratic V is written out, any other is not', () => {
  assert.equal(quadraticForm(quadratic([[1.5, -0.5], [-0.5, 1]]), ['θ', 'ω']), '1.5 θ² − 1 θω + 1 ω²') // biome-ignore format: a matrix
  assert.equal(quadraticForm(expression('x^2 + y^4', ['x', 'y']), ['x', 'y']), undefined)
})

test('figures are inline SVG with a label, and their clip paths do not collide', async () => {
  const V = quadratic([[1.5, -0.5], [-0.5, 1]]) // biome-ignore format: a matrix
  const drawing = await drawRegions({
    field: vanDerPol,
    domain: plane,
    axes: ['x', 'y'],
    regions: [{ name: 'proved', V, level: 2.3, emphasis: 'proved' }],
    simulation: { time: 10, rtol: 1e-6, atol: 1e-9 },
  })
  const curve = [[0, 1], [1, 0.1], [2, 0]] as const // biome-ignore format: points
  const lines = linePlot({
    id: 'decay',
    label: 'V',
    axes: ['t', 'V'],
    logarithmic: true,
    lines: [{ curve, tone: 'proved' }],
  })
  const { certificate, stats, message } = regionOfAttraction({
    field: vanDerPol,
    V,
    domain: plane,
    tolerance: 0.1,
  })
  const outcome = {
    kind: 'proved',
    message,
    level: 2,
    stats,
    milliseconds: 1,
    ...(certificate && { certificate }),
  } as const
  const boxes = boxesFigure(outcome, { domain: plane, axes: ['x', 'y'] })
  const page = renderPage({
    title: 'a < b',
    lead: '',
    verdict: { word: 'Proved', good: true, statement: '' },
    numbers: [],
    hero: { title: 'plane', svg: drawing.portrait, caption: '' },
    figures: [{ title: 'V', svg: lines, caption: '' }, boxes],
    table: { head: ['', ''], rows: [] },
    notes: [],
  })
  const figures = page.match(/<svg[^>]*>/g) ?? []
  assert.equal(figures.length, 3)
  for (const tag of figures) assert.ok(tag.includes('role="img"') && tag.includes('aria-label="'), tag)
  const ids = [...page.matchAll(/\bid="([^"]+)"/g)].map((m) => m[1])
  assert.equal(new Set(ids).size, ids.length, ids.join(' '))
  assert.ok(page.includes('<title>a &lt; b</title>') && !/NaN|undefined|Infinity/.test(page))
})

test('a density beside the truth: panels for both, samples outside of the frame left out', async () => {
  const target = gaussianMixture({ means: [[1, 0]], deviation: 0.3 })
  const one = {
    logProb: async (points: readonly (readonly [number, number])[]) =>
      Float64Array.from(points, (x) => target.logProb(x)),
    samples: drawPoints(target, { count: 20, seed: 0 }),
  }
  const svg = await densityPicture({ id: 'pair', label: 'one normal', half: 2, truth: one, model: one })
  for (const name of ['truth', 'model', 'density', 'samples']) assert.ok(svg.includes(name))
  // both rows have all samples that lie in the frame, and nothing is not a number
  const inside = Array.from({ length: 20 }, (_, i) => Math.abs(one.samples.get(i, 0))).filter((v) => v < 2)
  assert.equal(svg.match(/<circle/g)?.length, 2 * inside.length)
  assert.ok(!/NaN|undefined/.test(svg))
})

test('slices: a field on a plane is the field there, and boxes are cut where they reach the plane', async () => {
  const spring = system({
    name: 'spring',
    state: ['x', 'y', 'v'],
    dynamics: { x: 'v', y: '-y + x*v + 3', v: '-x - v + sin(y)' },
  })
  assert.deepEqual(planesOf(3), [[0, 1], [0, 2], [1, 2]]) // biome-ignore format: pairs
  assert.equal(planesOf(9).length, 6)
  const whole = interpret(spring, 0, [0.3, 0, -0.7])
  assert.deepEqual([...interpret(onPlane(spring, [0, 2]), 0, [0.3, -0.7])], [...whole])
  assert.deepEqual(
    [...interpret(onPlane(spring, [0, 2], { entries: [0, 2] }), 0, [0.3, -0.7])],
    [whole[0], whole[2]],
  )
  const boxes = [
    { kind: 'decrease', box: [[0, 1], [-1, 0.5], [2, 3]] },
    { kind: 'outside', box: [[0, 1], [0.5, 1], [2, 3]] },
  ] as const // biome-ignore format: boxes
  assert.deepEqual(crossing(boxes, [0, 2]), [{ kind: 'decrease', box: [[0, 1], [2, 3]] }]) // biome-ignore format: a box
})

test('a report of three states has a slice for every two, each with an identifier of its own', async () => {
  const field = system({
    name: 'three',
    state: ['x', 'y', 'z'],
    dynamics: { x: '-x + y*z', y: '-y', z: '-2*z + 0.1*sin(x)' },
  })
  const V = expression('x^2 + y^2 + z^2', ['x', 'y', 'z'])
  const domain = [[-1, 1], [-1, 1], [-1, 1]] as const // biome-ignore format: a box
  const { level, message, stats, certificate } = regionOfAttraction({ field, V, domain })
  const study = { name: 'three', title: 'three', controller: undefined, axes: ['x', 'y', 'z'] }
  const unknowns = { params: {}, disturbance: {} }
  const page = await certifyReport({
    study: { ...study, field, nominal: field, plant: field, unknowns },
    job: { property: 'region-of-attraction', field, V, domain },
    outcome: { kind: 'proved', level: level[0], message, stats, milliseconds: 1, certificate },
    certificatePath: 'c.json',
  })
  const ids = [...page.matchAll(/class="figure-([\w-]+)"/g)].map(([, id]) => id)
  for (const id of ['phase', 'decay', 'boxes-0-1', 'boxes-0-2', 'boxes-1-2'])
    assert.ok(ids.includes(id), ids.join())
})

test.run()
