import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Interval } from './interval.js'
import { isIndex, type Program, workOf } from './program.js'
import { type Claim, statementOf } from './statement.js'

export type Box = readonly Interval[]
export type Json = Readonly<Record<string, unknown>>

/** A claim and its system, read. W is the function whose set {W ≤ level} is claimed: V, or −B with level 0. */
export interface Problem {
  readonly isRegion: boolean
  /** V̇ ≤ 0 is claimed, not V̇ < 0 */
  readonly isWeak: boolean
  readonly level: number
  /** bounds of the states, then of the equilibrium if it is not 0, then of the uncertain inputs */
  readonly domain: Box
  /** a claim about the map x⁺ = f(x) */
  readonly isMap: boolean
  /** where the state is the deviation from an equilibrium: the matrix Y of Krawczyk's operator */
  readonly preconditioner: readonly (readonly number[])[] | undefined
  readonly states: number
  /** κ of Ẇ + κW < 0 */
  readonly decay: number
  readonly f: Program
  readonly W: Program
  readonly tree: readonly number[]
  /** the origin box of a region (or of the proof by a quadratic form: all of it); a point of an invariant set */
  readonly place: Box
  /** of a proof by a quadratic form: an axis and a factor for each leaf */
  readonly multipliers: readonly (readonly [number, number])[] | undefined
}

/** Second derivatives take n³/2 numbers a variable list: beyond this a forged file would only exhaust the memory. */
const greatestDimension = 100

/** Numbers that one evaluation may handle: a hundred times those of a network of 10⁴ weights in two variables. */
const greatestWork = 1e7

export function demand(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new Error(reason)
}

/** A certificate as an object whose hash fits its contents and whose statement is that of its claim. */
export function readCertificate(json: unknown): { readonly certificate: Json; readonly claim: Json & Claim } {
  const certificate = (typeof json === 'string' ? readText(json) : json) as Json
  checkHash(certificate)
  const claim = certificate.claim as Json & Claim
  demand(claim.statement === statementOf(claim), 'the statement is not what is proved of such a claim')
  return { certificate, claim }
}

/** Numbers must be written as their doubles print: a digit altered beyond a double's precision is altered all the same. */
function readText(text: string): Json {
  const value = JSON.parse(text)
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '""')
  for (const [number] of bare.matchAll(/-?\d[\d.eE+-]*/g))
    demand(`${Number(number)}` === number, `the number ${number} is not written as its double prints`)
  return value
}

function checkHash(c: Json): void {
  demand(c?.format === 'separatrix-certificate' && c.version === 1, 'not a certificate of version 1')
  const { hash, ...payload } = c
  demand(hash === bytesToHex(sha256(utf8ToBytes(canonical(payload)))), 'the hash does not fit the contents')
}

/** What a certificate over a domain claims of which system, with its proof; nothing is trusted. */
export function readProblem(c: Json): Problem {
  const [claim, proof] = [c.claim as Json, c.proof as Json]
  const { property, level } = claim
  const isWeak = property === 'stability'
  const isRegion = isWeak || property === 'region-of-attraction'
  const domain = readBox(claim.domain, 'the domain')
  const n = domain.length
  demand(n <= greatestDimension, `more than ${greatestDimension} states`)
  const uncertain = (claim.uncertain ?? []) as readonly Json[]
  const inputs =
    uncertain.length === 0
      ? []
      : readBox(
          uncertain.map((u) => u.interval),
          'what is uncertain',
        )
  const isMap = claim.time === 'discrete'
  const decay = claim.rate ?? 0
  demand(Number.isFinite(decay) && (decay as number) >= 0 && (isRegion || decay === 0), 'a rate out of range')
  demand(
    !isWeak || (decay === 0 && uncertain.every((u) => u.kind === 'parameter')),
    'more than V that does not increase',
  )
  demand(!isMap || (isRegion && (decay as number) < 1), 'a map of which nothing such is proved')
  const center = claim.equilibrium === undefined ? [] : readBox(claim.equilibrium, 'the equilibrium', n)
  demand(center.length === 0 || uncertain.every((u) => u.kind === 'parameter'), 'an equilibrium that moves')
  demand(Number.isFinite(level) && (isRegion ? (level as number) > 0 : level === 0), 'a level out of range')
  demand(
    Array.isArray(proof.tree) &&
      proof.tree.every((k) => isIndex(k + 3, n + center.length + inputs.length + 3)),
    'a malformed tree',
  )
  const names = (json: unknown, key: string) => (json as Record<string, unknown[]>)[key]
  const [own, other] = [names(c.candidate, 'state'), names(c.system, 'state')]
  demand(
    own.every((name, i) => !other.includes(name) || other[i] === name),
    'the candidate and the system name their states in different orders',
  )
  demand(
    uncertain.every((u, i) => names(c.system, 'input')[i] === u.name),
    'what is uncertain is not what the system reads',
  )
  const V = readProgram(c.candidate, 'the candidate', [n, 0, 1])
  const minus = { op: 'neg', args: [V.output], size: 1 }
  const W = isRegion ? V : { nodes: [...V.nodes, minus], output: V.nodes.length, states: n }
  const radii = proof.radii as number[] | undefined
  const inner = isWeak
    ? claim.domain
    : isRegion
      ? proof.origin
      : (proof.witness as number[]).map((x) => [x, x])
  const isQuadratic = isRegion && !isWeak && radii !== undefined
  const place = isQuadratic ? radii.map((r) => [-r, r]) : inner
  const multipliers = isQuadratic ? (proof.multipliers as [number, number][]) : undefined
  const isFine = (m: unknown) =>
    Array.isArray(m) && m.length === 2 && isIndex(m[0], n) && Number.isFinite(m[1])
  demand(
    multipliers === undefined || (Array.isArray(multipliers) && multipliers.every(isFine)),
    'malformed multipliers',
  )
  const f = readProgram(c.system, 'the system', [n, inputs.length, n])
  return {
    isRegion,
    isWeak,
    level: level as number,
    domain: [...domain, ...center, ...inputs],
    isMap,
    preconditioner: center.length === 0 ? undefined : readMatrix(proof.preconditioner, n),
    states: n,
    decay: decay as number,
    f,
    W,
    tree: proof.tree,
    place: readBox(place, 'a box of the proof', n),
    multipliers,
  }
}

/** An autonomous field of n states, k inputs and m outputs; run checks its nodes one by one. */
export function readProgram(
  json: unknown,
  name: string,
  [n, k, m]: readonly [number, number, number],
): Program {
  const { format, version, state, input, theta, nodes, output } = json as Record<string, unknown[]>
  demand(`${format} ${version}` === 'separatrix-field 1', `${name} is not a field of version 1`)
  demand(state.length === n && input.length === k && theta.length === 0, `${name} is open or of other states`)
  demand(Array.isArray(nodes) && isIndex(output, nodes.length), `${name} has no output`)
  demand(k > 0 || nodes.every((node) => (node as Json).op !== 'input'), `${name} has an input`)
  const program = { nodes, output, states: n } as unknown as Program
  demand(program.nodes[program.output].size === m, `${name} has another number of outputs`)
  demand(workOf(program, n + k) <= greatestWork, `${name} is too large`)
  return program
}

function readMatrix(json: unknown, n: number): number[][] {
  const isFine = Array.isArray(json) && json.length === n * n && json.every(Number.isFinite)
  demand(isFine, 'a malformed preconditioner')
  return Array.from({ length: n }, (_, i) => json.slice(i * n, (i + 1) * n))
}

function readBox(json: unknown, name: string, n?: number): Box {
  const isSide = (s: unknown) =>
    Array.isArray(s) && s.length === 2 && s.every(Number.isFinite) && s[0] <= s[1]
  demand(
    Array.isArray(json) && json.length > 0 && json.length === (n ?? json.length) && json.every(isSide),
    `${name} is not a box`,
  )
  return json.map(([lo, hi]) => ({ lo, hi }))
}

/** JSON with sorted keys and no spaces: what was hashed. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  return `{${keys.map((k) => `${JSON.stringify(k)}:${canonical((value as Json)[k])}`).join()}}`
}
