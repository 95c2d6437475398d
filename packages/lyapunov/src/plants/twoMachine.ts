import type { Field } from '@separatrix/field'
import { build, type Parameters } from './plant.js'

const params = { damping: 0.5, power: Math.PI / 3 }

/**
 * Two synchronous machines about their working point, δ the angle between the rotors less `power`:
 * δ' = ω, ω' = −0.5 ω − (sin(δ + π/3) − sin(π/3)). State [delta, omega]. Vannelli & Vidyasagar, Automatica 21 (1985),
 * example 4.
 * @example linearize(twoMachine()).A
 */
export function twoMachine(changes: Parameters<typeof params> = {}): Field {
  return build(
    {
      name: 'twoMachine',
      state: ['delta', 'omega'],
      params,
      dynamics: { delta: 'omega', omega: '-damping*omega - (sin(delta + power) - sin(power))' },
    },
    changes,
  )
}
