export { type Base, standardNormal } from './density/base.js'
export { type CnfOptions, cnf, type Flow, type LogProbEstimate } from './density/cnf.js'
export type { Points } from './density/points.js'
export { type TraceRule, volumeField } from './density/volumeField.js'
