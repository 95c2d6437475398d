import { defineSplitting } from '../symplectic/splitting.js'

/** Leapfrog (Störmer–Verlet, kick–drift–kick): symplectic, time-reversible, order 2. */
export const leapfrog = defineSplitting({
  name: 'leapfrog',
  order: 2,
  substeps: [
    ['kick', 1 / 2],
    ['drift', 1],
    ['kick', 1 / 2],
  ],
  general: 'kick-drift-kick',
  source: 'Hairer, Lubich & Wanner, Acta Numerica 12 (2003), doi:10.1017/S0962492902000144',
})
