import { plain, roundedDown } from './format.js'

/** What a region-of-attraction proof says, in words. */
export function guarantee(level: number, rate?: number): string {
  const decay = rate === undefined ? '' : `, where V falls at least as fast as e^(−${plain(rate)} t)`
  return `Every state with V(x) ≤ ${plain(roundedDown(level))} stays in that set for ever and converges to the origin${decay}. The proof covers all of it: rounding, the neighbourhood of the origin, and that the set does not touch the boundary of the domain.`
}

/** How a reader can check a certificate. */
export function checkNote(path: string) {
  return {
    title: 'Check it yourself',
    text: 'The certificate holds the equations, V and the bisection of the domain. A separate program, which shares no code with the prover, proves it again. In a clone of the project:',
    code: `npx --yes pnpm@12 separatrix check ${path}`,
  }
}
