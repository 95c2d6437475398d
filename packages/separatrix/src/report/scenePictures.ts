import { compile } from '@separatrix/field'
import { type LeafBox, leafBoxes } from '@separatrix/lyapunov'
import { separatrices } from '../study/separatrices.js'
import { decayFigure } from './decayFigure.js'
import { readable } from './format.js'
import { linePlot } from './linePlot.js'
import { linePortrait } from './linePortrait.js'
import type { LegendEntry, Page, PageFigure } from './page.js'
import { boxesOf, cutScene, type PlaneScene, portraitOf } from './planeScene.js'
import { legendOf, type Scene } from './scene.js'
import type { SceneTask } from './sceneFields.js'
import { planesOf } from './slice.js'
import { sublevelArea } from './sublevelArea.js'
import { ternaryPortrait } from './ternaryPortrait.js'

/** What a report shows of the state space. */
export interface Pictures {
  readonly hero: PageFigure
  readonly figures: readonly PageFigure[]
  /** measured in the pictures */
  readonly numbers: Page['numbers']
}

/** Pictures by the number of states: a line, the plane, slices; simplices in three shares. */
export async function scenePictures(scene: Scene, task: SceneTask): Promise<Pictures> {
  const n = scene.domain.length
  const isSimplex = task.job.set?.kind === 'simplex' && task.job.set.isFilled !== true
  const along = alongFigures(scene, task)
  if (n === 1) return { hero: linePortrait(scene), figures: along, numbers: [] }
  if (isSimplex && n >= 3) return { hero: ternaryPortrait(scene), figures: along, numbers: [] }
  return n === 2 ? plane(scene, task, along) : slices(scene, task, along)
}

async function plane(scene: Scene, task: SceneTask, along: readonly PageFigure[]): Promise<Pictures> {
  const cut = await cutScene(scene, [0, 1])
  const isRegion = task.job.property === 'region-of-attraction' && !scene.isMap
  const borders = isRegion ? separatrices(scene.field, scene.domain) : []
  const { svg, arrows } = await portraitOf(scene, cut, borders)
  const legend: LegendEntry[] = [
    ...legendOf(scene, cut.boxes),
    ...(borders.length > 0
      ? [{ mark: 'dotted', tone: 'lost', text: 'separatrix (computed, not proved)' } as const]
      : []),
  ]
  const [outer] = cut.regions
  const { outcome, study } = task
  const isMeasured = outer !== undefined && outcome.kind === 'proved' && outcome.level > 0
  return {
    hero: {
      title: 'The plane',
      svg,
      legend,
      caption: `${arrowText(scene)}, computed by ${arrows.device}. ${simulatedText(scene, study.unknowns)}`,
    },
    figures: [...along, ...proofFigures(scene, task, [cut])],
    numbers: isMeasured
      ? [
          {
            value: readable(sublevelArea(outer.values, cut.domain, outer.level)),
            what: 'area of the region (measured, not proved)',
          },
        ]
      : [],
  }
}

async function slices(scene: Scene, task: SceneTask, along: readonly PageFigure[]): Promise<Pictures> {
  const planes = planesOf(scene.domain.length)
  const cuts = await Promise.all(planes.map((p) => cutScene(scene, p)))
  const busy = cuts[busiest(scene, cuts)]
  const { svg, arrows } = await portraitOf(scene, busy)
  const legend = legendOf({ ...scene, paths: [], point: undefined }, busy.boxes)
  const others = scene.axes.filter((_, k) => !busy.plane.includes(k))
  const where = scene.centre.every((v) => v === 0)
    ? 'The other states are 0'
    : `The other states are held (${others.map((name) => `${name} = ${readable(scene.centre[scene.axes.indexOf(name)], 3)}`).join(', ')})`
  return {
    hero: {
      title: 'A slice of the state space, the one that holds most of the motion',
      svg,
      legend,
      caption: `${where}; arrows are what of ${scene.isMap ? 'a step' : 'the vector field'} lies in the plane, computed by ${arrows.device}. What leaves the plane is not drawn.`,
    },
    figures: [...along, ...proofFigures(scene, task, cuts)],
    numbers: [],
  }
}

/** V along simulations where there is a V, else the states. */
function alongFigures(scene: Scene, { job, outcome }: SceneTask): PageFigure[] {
  const good = scene.paths.filter((p) => p.isGood)
  if (good.length === 0) return []
  const isFalling = job.V !== undefined && job.inner === undefined && outcome.kind === 'proved'
  if (isFalling && job.V !== undefined)
    return [
      decayFigure(
        job.V,
        good.slice(0, 8).map((p) => ({ ...p, times: Float64Array.from(p.times), arrives: true })),
        scene.isMap ? 'step' : 'time',
      ),
    ]
  const path = good[0]
  const tones = ['proved', 'compared', 'lost', 'ink', 'quiet', 'faint'] as const
  const dashes = scene.axes.map((_, k) => k >= tones.length)
  return [
    {
      title: scene.isMap ? 'The states, step by step' : 'The states over time',
      svg: linePlot({
        id: 'states',
        label: 'States over time',
        axes: [scene.isMap ? 'step' : 'time', scene.axes.length === 1 ? scene.axes[0] : 'states'],
        lines: scene.axes.map((_, k) => ({
          curve: path.states.map((s, i) => [path.times[i], s[k]] as const),
          tone: tones[k % tones.length],
          dashed: dashes[k],
        })),
      }),
      legend: scene.axes.map((text, k) => ({
        mark: dashes[k] ? 'dashed' : 'line',
        tone: tones[k % tones.length],
        text,
      })),
      caption: `One of the simulations, not proved${outcome.kind === 'proved' ? ': the proof covers all of them at once' : ''}.`,
    },
  ]
}

/** The boxes of a proof plane by plane; what stopped it is in the scene. */
function proofFigures(scene: Scene, task: SceneTask, cuts: readonly PlaneScene[]): PageFigure[] {
  const { outcome, job, study } = task
  const { certificate } = outcome
  const leaves = certificate === undefined ? [] : leafBoxes(certificate)
  // a proof without a bisection (by faces, by exact arithmetic) has no boxes to show
  const isShown = leaves.length > 1 && leaves.every(({ box }) => box.length >= scene.domain.length)
  const several = scene.domain.length > 2
  if (!isShown && !several) return []
  const { claim } = certificate ?? {}
  const at = [
    ...(claim?.equilibrium ?? []).map(([lo, hi]) => lo + (hi - lo) / 2),
    ...(claim?.uncertain ?? []).map(({ name, interval: [lo, hi] }) => {
      const block = study.field.layout.find((b) => b.name === name)
      return block === undefined ? lo + (hi - lo) / 2 : study.field.theta[block.offset]
    }),
  ]
  const condition = conditionOf(job)
  return cuts.map((cut) => {
    const { svg, cut: count } = boxesOf(scene, cut, isShown ? leaves : [], at)
    const where = several ? `Where the plane cuts them, ` : ''
    return {
      title: several ? `${cut.axes[0]} and ${cut.axes[1]}` : 'The proof, box by box',
      svg,
      legend: isShown
        ? [...leafLegend(leaves, condition), ...rimLegend(scene)]
        : legendOf({ ...scene, paths: [], point: undefined }, cut.boxes),
      caption: isShown
        ? `${where}${readable(count)} of the ${readable(leaves.length)} boxes of the proof${outcome.certificate?.claim.uncertain ? ', at nominal values of what is uncertain' : ''}. Each carries one inequality, proved in interval arithmetic.`
        : 'What the plane through the middle cuts.',
    }
  })
}

function conditionOf({ property, rate, time }: SceneTask['job']): string {
  if (property === 'invariant-set') return 'Ḃ > 0'
  const change = time === 'discrete' ? 'V(f(x)) − V(x)' : 'V̇'
  if (property === 'stability') return 'V̇ ≤ 0'
  return rate === undefined ? `${change} < 0` : `${change} < −κV`
}

function leafLegend(leaves: readonly LeafBox[], condition: string): LegendEntry[] {
  const kinds = new Set(leaves.map(({ kind }) => kind))
  const entries: readonly (readonly [LeafBox['kind'], LegendEntry])[] = [
    ['decrease', { mark: 'area', tone: 'proved', text: `${condition} proved` }],
    ['origin', { mark: 'area', tone: 'compared', text: 'the origin, by second-order forms' }],
    ['outside', { mark: 'area', tone: 'faint', text: 'nothing to prove there' }],
  ]
  return entries.flatMap(([kind, entry]) => (kinds.has(kind) ? [entry] : []))
}

const rimLegend = ({ sets }: Scene): LegendEntry[] =>
  sets.length === 0 ? [] : [{ mark: 'line', tone: sets[0].emphasis, text: 'rim of the set' }]

const arrowText = ({ isMap }: Scene) => (isMap ? 'Arrows: where a step leads' : 'Arrows: the vector field')

function simulatedText(
  { paths, isMap }: Scene,
  { params, disturbance }: SceneTask['study']['unknowns'],
): string {
  if (paths.length === 0) return ''
  const names = [...Object.keys(disturbance), ...Object.keys(params)]
  const varied =
    names.length === 0
      ? ''
      : `, each at other values of ${names.join(', ')} within the bounds (arrows: nominal values)`
  const what = isMap ? 'Iterates' : 'Solutions'
  return `${what} are computed, not proved${varied}.`
}

/** The plane in which the largest part of the motion lies, at points around its rim; that is where arrows say most. */
function busiest({ field, domain, centre, isMap }: Scene, cuts: readonly PlaneScene[]): number {
  const f = compile(field)
  const [x, v] = [new Float64Array(field.stateSize), new Float64Array(field.stateSize)]
  const half = domain.map(([lo, hi]) => (hi - lo) / 2)
  const share = ({ plane: axes }: PlaneScene) => {
    let sum = 0
    for (let k = 0; k < 8; k++) {
      x.set(centre)
      const turn = [Math.cos((k * Math.PI) / 4), Math.sin((k * Math.PI) / 4)]
      axes.forEach((axis, i) => {
        x[axis] += 0.5 * turn[i] * half[axis]
      })
      f(0, x, v)
      if (isMap) for (let i = 0; i < v.length; i++) v[i] -= x[i]
      // lengths in the units of the domain, so that axes count alike
      const square = (list: readonly number[]) => list.reduce((s, a) => s + (v[a] / half[a]) ** 2, 0)
      sum += square(axes) / (square(domain.map((_, a) => a)) || 1)
    }
    return sum
  }
  const shares = cuts.map(share)
  return shares.indexOf(Math.max(...shares))
}
