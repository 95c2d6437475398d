export { type BarrierLossOptions, barrierLoss } from './loss/barrierLoss.js'
export { type LyapunovLossOptions, lyapunovLoss } from './loss/lyapunovLoss.js'
export { type Box, ball, box, nearBoundary, type Sampler, sublevel } from './loss/samplers.js'
export { type TrainableQuadraticOptions, trainableQuadratic } from './loss/trainableQuadratic.js'
