import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Box, Budget } from './boxes.js'
import { demand, isIndex, readField } from './program.js'
import type { Formulas } from './ring.js'
import { type Claim, statementOf } from './statement.js'

export type Json = Readonly<Record<string, unknown>>

/** A claim about a system with its proof, read; nothing in it is trusted. */
export interface Problem {
  readonly claim: Json & Claim
  readonly proof: Json
  readonly states: number
  /** bounds of the states, then of the equilibrium if it is not 0, then of the uncertain inputs; a global claim has none */
  readonly domain: Box
  readonly level: number
  /** κ of V̇ + κV < 0 */
  readonly decay: number
  /** a claim about the map x⁺ = f(x) */
  readonly isMap: boolean
  /** the state is the deviation from an equilibrium */
  readonly isMoved: boolean
  readonly f: Formulas
  /** V, or B, or A */
  readonly V: Formulas
  readonly isSmooth: { readonly candidate: boolean; readonly system: boolean }
  /** a bisection in preorder */
  readonly tree: readonly number[]
  /** how often boxes may be halved beyond that */
  readonly budget: Budget
}

/** Beyond these a forged file would only exhaust the memory, or take hours. */
const greatestDimension = 100
const greatestTotalWork = 1e10
const extraBoxes = 400_000

/** A certificate, whose hash fits its contents and whose statement is that of its claim, as a problem. */
export function readCertificate(json: unknown): Problem {
  // an object is read as the file that it would be: no getters, holes or other things that files cannot hold
  const c = typeof json === 'string' ? readText(json) : (JSON.parse(JSON.stringify(json)) as Json)
  demand(c?.format === 'separatrix-certificate', 'not a certificate')
  demand(c.version === 3, `a certificate of version ${c.version}; this program reads version 3`)
  const { hash, ...payload } = c
  demand(hash === bytesToHex(sha256(utf8ToBytes(canonical(payload)))), 'the hash does not fit the contents')
  const [claim, proof] = [c.claim as Json & Claim, c.proof as Json]
  const statement = statementOf(claim)
  const isSaid = statement !== undefined && claim.statement === statement
  demand(isSaid, 'the statement is not what is proved of such a claim')
  const { property, level, rate = 0, uncertain = [] } = claim
  const names = (field: unknown, key: string) => (field as Record<string, unknown[]>)[key]
  const [own, other] = [names(c.candidate, 'state'), names(c.system, 'state')]
  const n = own.length
  demand(n > 0 && n <= greatestDimension, `no states, or more than ${greatestDimension}`)
  const domain = readBox(claim.domain, 'the domain', property === 'global-asymptotic-stability' ? 0 : n)
  const inputs = readBox(uncertain.map((u) => u.interval), 'what is uncertain', uncertain.length) // biome-ignore format: one line
  const isMoved = claim.equilibrium !== undefined
  const center = isMoved ? readBox(claim.equilibrium, 'the equilibrium', n) : []
  const isMap = claim.time === 'discrete'
  demand(Number.isFinite(rate) && rate >= 0 && !(isMap && rate >= 1), 'a rate out of range')
  demand(Number.isFinite(level), 'a level out of range')
  const axes = n + center.length + inputs.length
  demand(Array.isArray(proof.tree) && proof.tree.every((k) => isIndex(k + 3, axes + 3)), 'a malformed tree')
  const isAlike = own.every((name, i) => !other.includes(name) || other[i] === name)
  demand(isAlike, 'the candidate and the system name their states in different orders')
  const isNamed = uncertain.every((u, i) => names(c.system, 'input')[i] === u.name)
  demand(isNamed, 'what is uncertain is not what the system reads')
  const isScalar = property !== 'invariant-polytope'
  const candidate = readField(c.candidate, 'the candidate', isScalar ? [n, 0, 1] : [n, 0])
  const system = readField(c.system, 'the system', [n, inputs.length, n])
  const isSmooth = { candidate: candidate.isSmooth, system: system.isSmooth }
  const work = (candidate.work + system.work) * (1 + axes ** 2)
  const budget = { left: Math.min(extraBoxes, Math.ceil(greatestTotalWork / work)) }
  const what = { level: level as number, decay: rate, domain: [...domain, ...center, ...inputs] }
  const fields = { f: system.formulas, V: candidate.formulas, isSmooth }
  return { claim, proof, ...what, ...fields, states: n, isMap, isMoved, tree: proof.tree, budget }
}

/** As the value prints but for spaces: no digit beyond a double's precision, and no key twice, which readers may differ about. */
function readText(text: string): Json {
  const value = JSON.parse(text)
  const bare = (some: string) => some.replace(/\s/g, '')
  demand(
    bare(text) === bare(JSON.stringify(value)),
    'a number is not written as its double prints, or a key is written twice',
  )
  return value
}

/** n intervals with finite ends, in order. */
export function readBox(json: unknown, name: string, n: number): Box {
  const isSide = (s: unknown) =>
    Array.isArray(s) && s.length === 2 && s.every(Number.isFinite) && s[0] <= s[1]
  demand(Array.isArray(json) && json.length === n && json.every(isSide), `${name} is not a box`)
  return json.map(([lo, hi]) => ({ lo, hi }))
}

/** Finite numbers. */
export function readNumbers(json: unknown, name: string, count: number): readonly number[] {
  demand(Array.isArray(json) && json.length === count && json.every(Number.isFinite), `${name} is malformed`)
  return json
}

/** JSON with sorted keys and no spaces: what was hashed. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  return `{${keys.map((k) => `${JSON.stringify(k)}:${canonical((value as Json)[k])}`).join()}}`
}
