import { defineDiagonal } from '../diagonallyImplicit/defineDiagonal.js'

const g = 0.26
const row6 = [0.13855640231268224, 0, -0.04245337201752043, 0.02446657898003141, 0.6194303907248068]
const row7 = [
  0.13659751177640292, 0, -0.05496908796538376, -0.04118626728321046, 0.629933048990164, 0.06962479448202728,
]

/** Kværnø's ESDIRK method of order 5(4), L-stable; the embedded solution is its sixth stage. */
export const kvaerno5 = defineDiagonal({
  name: 'kvaerno5',
  order: 5,
  errorOrder: 4,
  c: [0, 0.52, 1.230333209967908, 0.8957659843500759, 0.43639360985864756, 1, 1],
  a: [
    [0],
    [g, g],
    [0.13, 0.8403332099679081, g],
    [0.22371961478320504, 0.476755323197997, -0.06470895363112615, g],
    [0.16648564323248322, 0.1045001884159172, 0.03631482272098715, -0.13090704451073998, g],
    [...row6, g],
    [...row7, g],
  ],
  bError: [...row7.map((v, i) => v - (i < 5 ? (row6[i] as number) : g)), g],
  source: 'Kværnø, BIT 44 (2004), doi:10.1023/B:BITN.0000046811.70614.38',
})
