import { compile, type Field } from '@separatrix/field'
import { basinArea } from '../study/basinArea.js'
import type { PendulumRecipe } from '../study/pendulumRecipe.js'
import type { PendulumResult } from '../study/pendulumStudy.js'
import type { ProvedLoop } from '../study/proveLoop.js'
import { type Trajectory, valueAlong } from '../study/trajectories.js'
import { boxesFigure } from './boxesFigure.js'
import { duration, readable, roundedDown, roundedUp } from './format.js'
import { type Line, linePlot } from './linePlot.js'
import { type Page, type PageFigure, renderPage } from './page.js'
import { quadraticForm } from './quadraticForm.js'
import { type Drawing, drawRegions } from './regionPictures.js'
import { checkNote, guarantee } from './statements.js'

const axes = ['angle θ (rad)', 'angular velocity ω (rad/s)'] as const
const areaUnit = 'rad²/s'

export interface PendulumReport {
  readonly html: string
  /** of the proved regions, rad²/s */
  readonly areas: { readonly lqr: number; readonly network: number }
  readonly device: string
}

/** The report of the pendulum study, one self-contained page. */
export async function pendulumReport(
  recipe: PendulumRecipe,
  result: PendulumResult,
  certificatePath: string,
): Promise<PendulumReport> {
  const { lqr, network } = result
  const drawing = await drawRegions({
    field: network.loop,
    domain: recipe.domain,
    axes,
    regions: [
      { name: 'network, proved', V: network.V, level: network.outcome.level, emphasis: 'proved' },
      { name: 'regulator, proved', V: lqr.V, level: lqr.outcome.level, emphasis: 'compared' },
    ],
    simulation: recipe.simulation,
  })
  const areas = { network: drawing.areas[0] as number, lqr: drawing.areas[1] as number }
  const basins = { network: basinOf(network.loop, recipe), lqr: basinOf(lqr.loop, recipe) }
  const page: Page = {
    title: 'A weak motor holds up a pendulum, and a proof of how far',
    lead: lead(recipe),
    verdict: verdict(network),
    numbers: [
      {
        value: readable(areas.network, 3),
        unit: areaUnit,
        what: 'area of the region proved for the network',
      },
      {
        value: `${readable(areas.network / areas.lqr, 2)}×`,
        what: `what is proved for the regulator (${readable(areas.lqr, 3)} ${areaUnit})`,
      },
      {
        value: `${readable((100 * areas.network) / basins.network, 2)} %`,
        what: 'of all that comes home within this frame (measured by simulation)',
      },
      { value: readable(network.outcome.stats.leaves), what: 'boxes in the proof, every one checked again' },
      { value: duration(network.outcome.milliseconds), what: 'to prove it, on one thread' },
    ],
    hero: {
      title: 'What comes home, and what falls',
      svg: drawing.portrait,
      caption: `Arrows: the loop closed by the network, computed by ${drawing.arrows.device}. Red trajectories fall, the others come to rest upright; the separatrix between them is computed, not proved. Shaded: the proved region. Dashed: what is proved for the regulator.`,
    },
    figures: [
      decayFigure(recipe, network, drawing),
      torqueFigure(recipe, network, drawing.inner),
      trainingFigure(recipe, result),
      boxesFigure(network.outcome, { domain: recipe.domain, axes, region: drawing.regions[0] }),
    ],
    table: { head: ['', 'regulator', 'network'], rows: tableRows(result, areas, basins) },
    notes: [
      {
        title: 'What was proved',
        text: `For every real state other than 0 with V ≤ ${readable(roundedDown(network.outcome.level), 6)}, V is positive and falls along the closed loop at a rate of at least ${readable(recipe.proof.rate)} V per second, and that set lies inside |θ| ≤ ${readable(recipe.domain[0]?.[1] as number)}, |ω| ≤ ${readable(recipe.domain[1]?.[1] as number)}. Hence it is a region of attraction. The equations mean the decimals that are printed and the weights that were trained, bit for bit. Areas, trajectories and the training curve are measurements.`,
      },
      checkNote(certificatePath),
    ],
  }
  return { html: renderPage(page), areas, device: drawing.arrows.device }
}

/** 3,600 simulations: good to about one in a hundred. */
function basinOf(loop: Field, { domain, simulation }: PendulumRecipe): number {
  return basinArea(loop, domain, { cells: 60, time: 1.5 * simulation.time, near: 0.06 })
}

function lead({ params: { g, l, m }, torqueLimit }: PendulumRecipe): string {
  const gravity = m * g * l
  const share = torqueLimit / gravity
  const reach =
    share < 1 ? ` Beyond ${readable((Math.asin(share) * 180) / Math.PI, 3)}° gravity is stronger.` : ''
  return `An inverted pendulum and a motor that gives at most ${readable(torqueLimit)} N m, where gravity pulls with up to ${readable(gravity, 3)} N m.${reach} A linear-quadratic regulator is compared with a small neural network, trained together with its own Lyapunov function so that the provable region grows.`
}

function verdict({ outcome }: ProvedLoop): Page['verdict'] {
  const words = { proved: 'Proved', refuted: 'Refuted', unknown: 'Not proved' } as const
  const good = outcome.kind === 'proved'
  return {
    word: words[outcome.kind],
    good,
    statement: good ? guarantee(outcome.level, outcome.rate) : outcome.message,
  }
}

/** V from the rim inwards, against the decay that training asked for. */
function decayFigure(
  { proof, simulation }: PendulumRecipe,
  { V, outcome }: ProvedLoop,
  { inner }: Drawing,
): PageFigure {
  const values = inner.map((t) => valueAlong(V, t).filter(([, v]) => v > 1e-8))
  const bound = Array.from({ length: 101 }, (_, i): [number, number] => {
    const t = (simulation.time * i) / 100
    return [t, outcome.level * Math.exp(-proof.rate * t)]
  })
  return {
    title: 'V falls along every trajectory',
    svg: linePlot({
      id: 'decay',
      label: 'V along trajectories from the rim of the region',
      axes: ['time (s)', 'V'],
      logarithmic: true,
      lines: [
        ...values.map((curve): Line => ({ curve, tone: 'proved', weight: 1.2 })),
        { curve: bound, name: 'proved bound e^(−κt)', tone: 'compared', dashed: true },
      ],
    }),
    caption: `V along eight trajectories from the rim, by simulation. Dashed: the proved bound for all of them, with κ = ${readable(proof.rate)} per second.`,
  }
}

/** The torque along trajectories, against its limit. */
function torqueFigure(
  { torqueLimit, simulation }: PendulumRecipe,
  { controller }: ProvedLoop,
  inner: readonly Trajectory[],
): PageFigure {
  const u = compile(controller)
  const out = new Float64Array(1)
  const lines = inner.map(
    (t): Line => ({
      curve: Array.from(t.times, (time, i): [number, number] => {
        u(0, t.states[i] as readonly number[], out)
        return [time, out[0] as number]
      }).filter(([time]) => time <= simulation.time / 2),
      tone: 'proved',
      weight: 1.2,
    }),
  )
  return {
    title: 'The torque stays within its limit',
    svg: linePlot({
      id: 'torque',
      label: 'torque along trajectories from the rim of the region',
      axes: ['time (s)', 'torque u (N m)'],
      range: [-1.25 * torqueLimit, 1.25 * torqueLimit],
      rules: [
        { at: torqueLimit, name: `limit ${readable(torqueLimit)} N m` },
        { at: -torqueLimit, name: `limit −${readable(torqueLimit)} N m` },
      ],
      lines,
    }),
    caption:
      'The network on the same eight trajectories. The saturation is part of the system that was proved.',
  }
}

/** The loss of the second training, smoothed by the eye of a running mean. */
function trainingFigure(
  { training }: PendulumRecipe,
  { training: { losses, milliseconds } }: PendulumResult,
): PageFigure {
  const window = 50
  const means = Array.from({ length: Math.max(0, losses.length - window) }, (_, i): [number, number] => [
    i + window / 2,
    losses.subarray(i, i + window).reduce((sum, v) => sum + v, 0) / window,
  ])
  const thinned = means.filter((_, i) => i % Math.ceil(means.length / 600) === 0)
  return {
    title: 'Training the controller, V and their region together',
    svg: linePlot({
      id: 'training',
      label: 'loss over training steps',
      axes: ['step', 'region loss'],
      lines: [
        {
          curve: Array.from(losses, (v, i): [number, number] => [i, v]).filter(
            (_, i) => i % Math.ceil(losses.length / 800) === 0,
          ),
          tone: 'faint',
          weight: 0.7,
        },
        { curve: thinned, tone: 'proved', name: `mean of ${window} steps` },
      ],
    }),
    caption: `What is left out of the region costs ${readable(training.reward)} a point, a point of it at which V does not decrease costs its violation. ${readable(training.batch)} random states a step, ${duration(milliseconds)} in all.`,
  }
}

function tableRows(
  { lqr, network, imitation, training }: PendulumResult,
  areas: PendulumReport['areas'],
  basins: PendulumReport['areas'],
): string[][] {
  const both = (f: (p: ProvedLoop) => string) => [f(lqr), f(network)]
  const size = ({ outcome }: ProvedLoop) =>
    outcome.certificate === undefined
      ? '–'
      : `${readable(JSON.stringify(outcome.certificate).length / 1024, 3)} KiB`
  const origin = ({ outcome }: ProvedLoop) =>
    outcome.certificate?.proof.origin?.map(([, hi]) => `± ${readable(hi, 2)}`).join(' × ') ?? '–'
  const refuted = ({ outcome: { refuted } }: ProvedLoop) =>
    refuted === undefined || !Number.isFinite(refuted) ? '–' : readable(roundedUp(refuted), 6)
  return [
    ['V', ...both((p) => quadraticForm(p.V, ['θ', 'ω']) ?? '|Lx|² + ε|x|² + |φ(x)|²')],
    ['largest level of V proved', ...both((p) => readable(roundedDown(p.outcome.level), 6))],
    ['not provable with this V from', ...both(refuted)],
    ['proved rate κ of e^(−κt) (1/s)', ...both((p) => readable(p.outcome.rate ?? 0))],
    [`area of the proved region (${areaUnit})`, readable(areas.lqr, 4), readable(areas.network, 4)],
    [
      `area that comes home within the frame, by simulation (${areaUnit})`,
      readable(basins.lqr, 3),
      readable(basins.network, 3),
    ],
    ['boxes evaluated', ...both((p) => readable(p.outcome.stats.boxes))],
    ['boxes of the proof', ...both((p) => readable(p.outcome.stats.leaves))],
    ['box about the origin, by second-order forms', ...both(origin)],
    ['time to prove', ...both((p) => duration(p.outcome.milliseconds))],
    ['time to check', ...both((p) => duration(p.checked))],
    ['size of the certificate', ...both(size)],
    ['gain (N m/rad, N m s/rad)', lqr.gain.map((k) => readable(k, 4)).join(', '), '–'],
    ['time to train', '–', duration(imitation.milliseconds + training.milliseconds)],
  ]
}
