import { type Field, misuse } from '@separatrix/field/core'
import type { Solution, SolveOptions } from '@separatrix/ode'
import type { GradientOptions } from '../gradient.js'

/**
 * Options of the solve backwards: as forwards unless `backward` says otherwise. `counted` of the `size`
 * components count in the error norm (a seminorm: the integrals for θ feed nothing back; Kidger, Chen &
 * Lyons, ICML 2021).
 */
export function backwardOptions(
  { method, rtol, atol, step, maxSteps, backward = {} }: GradientOptions,
  { size, counted }: { readonly size: number; readonly counted: number },
): SolveOptions {
  const chosen = {
    method,
    maxSteps,
    ...('step' in backward || 'rtol' in backward ? {} : { rtol, atol, step }),
    ...backward,
  }
  if (chosen.method.family === 'symplectic')
    throw misuse({
      where: `sensitivity(${chosen.method.name})`,
      expected: 'a method for the adjoint equation, which is not split into positions and momenta',
      got: chosen.method.name,
      try: "via: 'discrete', or backward: { method: rk4, step: 0.01 }",
      code: 'method-not-for-adjoint',
    })
  const adaptive = chosen.step === undefined
  return {
    ...chosen,
    ...(adaptive
      ? {
          rtol: smallest(chosen.rtol),
          atol: smallest(chosen.atol),
          weights: Array.from({ length: size }, (_, i) => (i < counted ? 1 : 0)),
        }
      : {}),
  }
}

/** Tolerances by component belong to y; its adjoint gets the tightest. */
export function smallest(tolerance: SolveOptions['rtol']): number | undefined {
  return tolerance === undefined || typeof tolerance === 'number'
    ? tolerance
    : Math.min(...Array.from(tolerance))
}

/** Words for a backward solve that ended early. */
export function failedBackwards({ message }: Pick<Solution, 'message'>, field: Field): string {
  return `solving the adjoint of ${field.name} backwards: ${message} Trying via: 'discrete' avoids this solve.`
}
