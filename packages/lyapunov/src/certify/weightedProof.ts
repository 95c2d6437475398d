/**
 * g > 0 on {|xᵢ| ≤ radius^weights[i]} but at 0: in each chart xᵢ = ±r^wᵢ, xⱼ = r^wⱼ·yⱼ, |yⱼ| ≤ 1, 0 ≤ r ≤ radius, the
 * derivatives of g in r of lower orders vanish at r = 0, and g/r^order is positive.
 */
export interface WeightedProof {
  readonly weights: readonly number[]
  readonly order: number
  readonly radius: number
  /** a bisection of [0, radius] × [−1, 1]ⁿ⁻¹ × what is uncertain for each chart: + and − of each axis in turn */
  readonly trees: readonly (readonly number[])[]
}

/** Both of V and −V̇ (or −V̇ − κV, …), each with its own weights. */
export interface BlowUp {
  readonly value: WeightedProof
  readonly rate: WeightedProof
}
