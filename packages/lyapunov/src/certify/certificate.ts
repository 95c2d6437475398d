import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { type Field, type FieldJson, misuse, show, toJSON } from '@separatrix/field/core'
import { leaf, midpoint } from './bisectionTree.js'
import type { Interval } from './box.js'
import type { Claim } from './claim.js'
import { lower } from './lower.js'
import { statementOf } from './statement.js'
import type { BlowUp } from './weightedProof.js'

/** How the claim was proved: enough for a reader to prove it again. */
export interface Proof {
  /**
   * The bisection of the domain in preorder: a number ≥ 0 is the axis along which a box is halved at lo/2 + hi/2 (lower
   * half first); −1 is a leaf outside Ω (for an invariant set: off its boundary), −2 one where V̇ < 0 (Ḃ > 0), −3 one
   * within the origin box. The leaves cover the domain by construction.
   */
  readonly tree: readonly number[]
  /** box about 0 on which Hess V and the second-order form of V̇ are definite */
  readonly origin?: readonly Interval[]
  /** where these forms are not definite: how V > 0 and V̇ < 0 but at 0 are proved on that box instead */
  readonly blowUp?: BlowUp
  /**
   * of a proof by a quadratic form: {V ≤ level} lies in |xᵢ| ≤ radii[i], and the tree bisects that box instead; on each
   * leaf HᵀS + SᵀH + κH − λ(H − 2(level/a²)eᵢeᵢᵀ) is negative definite, f = S·x, for its pair [i, λ], a = min |xᵢ|
   */
  readonly radii?: readonly number[]
  readonly multipliers?: readonly (readonly [number, number])[]
  /** of a claim with an equilibrium: Y ≈ (Df)⁻¹, row-major, for Krawczyk's operator */
  readonly preconditioner?: readonly number[]
  /** for stability: S and Q with V̇ = S²·Q; without them −V̇ is nonnegative by its signs */
  readonly factor?: FieldJson
  readonly quotient?: FieldJson
  /** for an invariant set: a point at which B ≥ 0, so that the set is not empty */
  readonly witness?: readonly number[]
}

/** A proof as a file: anybody can check it again, see checkCertificate. */
export interface Certificate {
  readonly format: 'separatrix-certificate'
  readonly version: 3
  readonly claim: Claim
  /** f, θ frozen: the constants mean the decimals that are written, except those marked exact */
  readonly system: FieldJson
  /** V, or B */
  readonly candidate: FieldJson
  readonly proof: Proof
  /** SHA-256, in hex, of the canonical JSON (keys sorted, no spaces) of all the above */
  readonly hash: string
}

export function makeCertificate(
  system: Field,
  candidate: Field,
  { claim, proof }: { readonly claim: Omit<Claim, 'statement'>; readonly proof: Proof },
): Certificate {
  const payload = {
    format: 'separatrix-certificate' as const,
    version: 3 as const,
    claim: { ...claim, statement: statementOf(claim) },
    system: toJSON(lower(system)),
    candidate: toJSON(lower(candidate)),
    proof,
  }
  return { ...payload, hash: hashOf(payload) }
}

/** SHA-256 of the canonical JSON of a certificate without its hash. */
export function hashOf(payload: Omit<Certificate, 'hash'>): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(payload))))
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).filter(([, v]) => v !== undefined)
  entries.sort(([p], [q]) => (p < q ? -1 : 1))
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`
}

/** A leaf of a certificate's bisection. */
export interface LeafBox {
  readonly box: readonly Interval[]
  readonly kind: 'outside' | 'decrease' | 'origin'
}

/**
 * The boxes that a certificate covers its domain with, for pictures; sides beyond the states are those of what is uncertain.
 * @example
 * const field = system({ state: ['x'], dynamics: { x: '-x + x^3' } })
 * const verdict = certify({ field, V: expression('x^2', ['x']), domain: [[-2, 2]], level: 0.9 })
 * if (verdict.kind === 'proved') leafBoxes(verdict.certificate).filter((leaf) => leaf.kind === 'decrease')
 */
export function leafBoxes({ claim, proof }: Certificate): LeafBox[] {
  const names = new Map<number, LeafBox['kind']>([
    [leaf.outside, 'outside'],
    [leaf.decrease, 'decrease'],
    [leaf.origin, 'origin'],
  ])
  const out: LeafBox[] = []
  const uncertain = [...(claim.equilibrium ?? []), ...(claim.uncertain ?? []).map((u) => u.interval)]
  const root = proof.radii?.map((r): Interval => [-r, r]) ?? [...claim.domain, ...uncertain]
  const stack = [root.map(([lo, hi]): Interval => [lo, hi])]
  for (const entry of proof.tree) {
    const box = stack.pop()
    if (box === undefined) break
    const kind = names.get(entry)
    if (kind !== undefined) {
      out.push({ box, kind })
      continue
    }
    const side = box[entry]
    if (side === undefined)
      throw misuse({
        where: 'leafBoxes',
        expected: 'axes of the domain in the tree',
        got: show(entry),
        try: 'checkCertificate first',
      })
    const middle = midpoint(...side)
    const half = (part: Interval) => box.map((s, i) => (i === entry ? part : s))
    stack.push(half([middle, side[1]]), half([side[0], middle]))
  }
  return out
}
