import { defineSplitting } from '../symplectic/splitting.js'

/** Symplectic Euler, kick first: order 1. */
export const symplecticEuler = defineSplitting({
  name: 'symplecticEuler',
  order: 1,
  substeps: [
    ['kick', 1],
    ['drift', 1],
  ],
  source: 'Hairer, Lubich & Wanner, Geometric Numerical Integration, (I.1.9)',
})
