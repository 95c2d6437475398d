import { misuse, show } from '@separatrix/field/core'

/** Refuses what is no manifold of {@link torus} or {@link sphere} or made like them. */
export function checkManifold(where: string, manifold: unknown): void {
  if (typeof manifold === 'object' && manifold !== null && 'geodesic' in manifold && 'size' in manifold)
    return
  throw misuse({ where, expected: 'a manifold', got: show(manifold), try: 'manifold: torus(2), or sphere' })
}
