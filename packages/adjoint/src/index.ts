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
export { crossEntropy, squaredError } from './fit/crossEntropy.js'
export {
  type ClassificationLossOptions,
  classificationLoss,
  type DatasetLossOptions,
  datasetLoss,
  type RegressionLossOptions,
  regressionLoss,
} from './fit/datasetLoss.js'
export type { Execution } from './fit/execution.js'
export {
  type FitOptions,
  type FitReport,
  type FitResult,
  type FitStatus,
  fit,
} from './fit/fit.js'
export { type HeldOut, holdOut } from './fit/holdOut.js'
export { type BoundLoss, beginning, type Loss, type Moment, type Restored, type Split } from './fit/loss.js'
export { type Minibatches, minibatches } from './fit/minibatches.js'
export { type OrthogonalGroupOptions, onOrthogonalGroup } from './fit/onOrthogonalGroup.js'
export type { FitProgress } from './fit/progress.js'
export type { Regularization } from './fit/regularization/regularize.js'
export { type SampledLossOptions, sampledLoss } from './fit/sampledLoss.js'
export type { Trajectory, TrajectorySamples } from './fit/trajectories.js'
export { type TrajectoryLossOptions, trajectoryLoss } from './fit/trajectoryLoss.js'
export type { ValidationOptions, ValidationRecord } from './fit/validation.js'
export { valueAndGradient } from './fit/valueAndGradient.js'
export { type WeightedLoss, weightedLosses } from './fit/weightedLosses.js'
export { type AdamOptions, type AdamwOptions, adam, adamw } from './optimize/adam.js'
export { type AgdOptions, agd } from './optimize/agd.js'
export { type AveragedOptions, averaged } from './optimize/averaged.js'
export { type ClippedOptions, clipped } from './optimize/clipped.js'
export { type CosineRateOptions, cosineRate } from './optimize/cosineRate.js'
export { type FromageOptions, fromage } from './optimize/fromage.js'
export { type LbfgsOptions, lbfgs } from './optimize/lbfgs.js'
export { type MadamOptions, madam } from './optimize/madam.js'
export { type MuonOptions, muon } from './optimize/muon.js'
export { type NeroOptions, nero } from './optimize/nero.js'
export type { Objective, Optimizer, PlainData, Rate } from './optimize/optimizer.js'
export { type SgdOptions, sgd } from './optimize/sgd.js'
export { type StepRateOptions, stepRate } from './optimize/stepRate.js'
export { type TrustReport, trustReport } from './optimize/trustReport.js'
export { warmUp } from './optimize/warmUp.js'
export {
  type CheckGradientsOptions,
  checkGradients,
  type GradientError,
} from './sensitivity/checkGradients.js'
export type { GradientOptions, PreparedSensitivity, Sensitivity } from './sensitivity/gradient.js'
export {
  type HessianVector,
  type HessianVectorOptions,
  hessianVector,
  type StateAndParameters,
} from './sensitivity/hessianVector.js'
export type { LossCrossings, LossEvents, OutputLoss, SolutionLoss } from './sensitivity/loss.js'
export {
  prepareSensitivity,
  type SensitivityOptions,
  sensitivity,
  type Via,
  vias,
} from './sensitivity/sensitivity.js'
export { gaussLegendre } from './sensitivity/ways/gaussLegendre.js'
