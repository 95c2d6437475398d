import { combine, type Field } from '@separatrix/field'
import { trainableQuadratic } from '@separatrix/lyapunov'

/** V(x) = |Lx|² + ε|x|² + |φ(x)|², the quadratic part starting at xᵀPx: positive definite whatever training does. */
export function candidate(P: readonly (readonly number[])[], epsilon: number, phi: Field): Field {
  const quadratic = trainableQuadratic(P.length, { P, epsilon })
  return combine(
    [quadratic, phi],
    (b, place) => {
      const y = place(phi)
      return b.add(place(quadratic), b.dot(y, y))
    },
    'V',
  )
}
