import type { Field } from '@separatrix/field'
import type { colors } from './figure.js'
import type { LegendEntry } from './page.js'

/** A set of the state space, and how it is drawn. */
export interface SceneSet {
  readonly name: string
  readonly emphasis: 'proved' | 'compared'
  readonly shape:
    | { readonly kind: 'sublevel'; readonly of: Field; readonly level: number }
    | { readonly kind: 'polytope'; readonly sides: readonly HalfSpace[] }
}

/** normal·x ≤ bound, or = bound. */
export interface HalfSpace {
  readonly normal: readonly number[]
  readonly bound: number
  readonly isEqual?: boolean
}

/** A box that a claim or an outcome names. */
export interface SceneBox {
  readonly name: string
  readonly tone: keyof typeof colors
  readonly sides: readonly (readonly [number, number])[]
  readonly dashed?: boolean
  readonly opacity: number
}

/** A simulated solution, or the iterates of a map. */
export interface ScenePath {
  readonly times: ArrayLike<number>
  readonly states: readonly (readonly number[])[]
  /** whether it does what the claim says, or came to rest */
  readonly isGood: boolean
  /** through the point of a refutation */
  readonly isMarked?: boolean
}

/** What a report shows of the state space, in as many states as there are. */
export interface Scene {
  /** autonomous: what is uncertain has its nominal value */
  readonly field: Field
  readonly isMap: boolean
  readonly axes: readonly string[]
  readonly domain: readonly (readonly [number, number])[]
  /** where slices pass */
  readonly centre: readonly number[]
  /** whether 0 is an equilibrium that the claim speaks of */
  readonly hasOrigin: boolean
  readonly sets: readonly SceneSet[]
  readonly boxes: readonly SceneBox[]
  readonly paths: readonly ScenePath[]
  readonly point?: { readonly at: readonly number[]; readonly text: string } | undefined
}

/** What the marks of a scene mean; of boxes only those that are shown. */
export function legendOf(scene: Scene, shown: readonly SceneBox[] = scene.boxes): LegendEntry[] {
  const { sets, paths, point } = scene
  const solution = scene.isMap ? 'iterates' : 'solutions'
  const has = (isGood: boolean) => paths.some((p) => p.isGood === isGood && p.isMarked !== true)
  const seen = new Set<string>()
  return [
    ...sets.map(({ name, emphasis }): LegendEntry => ({ mark: 'area', tone: emphasis, text: name })),
    ...shown.map(
      ({ name, tone, dashed }): LegendEntry => ({ mark: dashed ? 'dashed' : 'area', tone, text: name }),
    ),
    ...(has(true) ? [{ mark: 'line', tone: 'ink', text: solution } as const] : []),
    ...(has(false) ? [{ mark: 'line', tone: 'lost', text: `${solution} that end elsewhere` } as const] : []),
    ...(point === undefined ? [] : [{ mark: 'cross', tone: 'lost', text: point.text } as const]),
    ...(paths.some((p) => p.isMarked)
      ? [
          {
            mark: 'thick',
            tone: 'lost',
            text: `${scene.isMap ? 'iterates' : 'the solution'} from there`,
          } as const,
        ]
      : []),
  ].filter(({ text }) => !seen.has(text) && seen.add(text))
}
