export { type BatchGradient, type BatchGradientOptions, batchGradient } from './batch/batchGradient.js'
export {
  type BatchSensitivity,
  type BatchSensitivityOptions,
  type BatchSolveOptions,
  batchSensitivity,
  type PreparedBatchSensitivity,
  prepareBatchSensitivity,
} from './batch/batchSensitivity.js'
export type { FitCheckpoint } from './fit/checkpoint.js'
export type { Execution } from './fit/execution.js'
export { type FitOptions, type FitReport, type FitResult, type FitStatus, fit } from './fit/fit.js'
export type { BoundLoss, Loss, Restored } from './fit/loss.js'
export { type SampledLossOptions, sampledLoss } from './fit/sampledLoss.js'
export type { Trajectory, TrajectorySamples } from './fit/trajectories.js'
export { type TrajectoryLossOptions, trajectoryLoss } from './fit/trajectoryLoss.js'
export { valueAndGradient } from './fit/valueAndGradient.js'
export { type AdamOptions, type AdamwOptions, adam, adamw } from './optimize/adam.js'
export { type AgdOptions, agd } from './optimize/agd.js'
export { type FromageOptions, fromage } from './optimize/fromage.js'
export { type LbfgsOptions, lbfgs } from './optimize/lbfgs.js'
export { type MadamOptions, madam } from './optimize/madam.js'
export { type MuonOptions, muon } from './optimize/muon.js'
export { type NeroOptions, nero } from './optimize/nero.js'
export type { Objective, Optimizer, PlainData, Rate } from './optimize/optimizer.js'
export { type SgdOptions, sgd } from './optimize/sgd.js'
export {
  type CheckGradientsOptions,
  checkGradients,
  type GradientError,
} from './sensitivity/checkGradients.js'
export type { GradientOptions, PreparedSensitivity, Sensitivity } from './sensitivity/gradient.js'
export type { SolutionLoss } from './sensitivity/loss.js'
export { gaussLegendre } from './sensitivity/ways/gaussLegendre.js'
export {
  prepareSensitivity,
  type SensitivityOptions,
  sensitivity,
  type Via,
  vias,
} from './sensitivity/sensitivity.js'
