import { defineTableau } from '../explicit/defineTableau.js'

/** Euler's method, order 1. */
export const euler = defineTableau({
  name: 'euler',
  order: 1,
  c: [0],
  a: [[]],
  b: [1],
  source: 'Euler, Institutionum calculi integralis I (1768), §650',
})
