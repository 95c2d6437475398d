export { checkerboard } from './data/checkerboard.js'
export { datasets } from './data/datasets.js'
export { drawPoints } from './data/drawPoints.js'
export { type EightGaussians, eightGaussians } from './data/eightGaussians.js'
export { type GaussianMixture, type GaussianMixtureOptions, gaussianMixture } from './data/gaussianMixture.js'
export { type MixtureVelocityOptions, mixtureScore, mixtureVelocity } from './data/mixtureVelocity.js'
export { type Moons, moons } from './data/moons.js'
export { pinwheel } from './data/pinwheel.js'
export { points } from './data/points.js'
export { rings } from './data/rings.js'
export type { Dataset, Density, Source } from './data/source.js'
export { swissRoll } from './data/swissRoll.js'
export { twoSpirals } from './data/twoSpirals.js'
export { type Base, standardNormal } from './density/base.js'
export { type CnfOptions, cnf } from './density/cnf.js'
export type { BatchedFlow, Flow, FlowBatchOptions, Given, LogProbEstimate } from './density/flow.js'
export {
  type LogProbGradient,
  type LogProbGradientOptions,
  logProbGradient,
  type SampleGradient,
  type SampleGradientOptions,
  type SampleLoss,
  sampleGradient,
} from './density/flowGradients.js'
export { type LikelihoodLossOptions, likelihoodLoss } from './density/likelihoodLoss.js'
export {
  type OtFlowPenaltyOptions,
  type OtFlowPotential,
  type OtFlowPotentialOptions,
  otFlowPenalty,
  otFlowPotential,
} from './density/otFlow.js'
export type { Points } from './density/points.js'
export { probabilityFlow } from './density/probabilityFlow.js'
export { type RnodeOptions, rnode } from './density/rnode.js'
export { type SamplePaths, type SamplePathsOptions, samplePaths } from './density/samplePaths.js'
export type { TraceRule } from './density/traceRule.js'
export { volumeField } from './density/volumeField.js'
export { withTime } from './density/withTime.js'
export { type ClassifierFreeOptions, classifierFree } from './guidance/classifierFree.js'
export { type GuideByRuleOptions, guideByRule } from './guidance/guideByRule.js'
export { type GeodesicEnds, type Manifold, sphere, torus } from './manifold/manifold.js'
export {
  type MoserFlow,
  type MoserLossOptions,
  type MoserOptions,
  moserFlow,
  moserLoss,
} from './manifold/moserFlow.js'
export {
  type RiemannianFlowMatchingOptions,
  riemannianFlowMatching,
} from './manifold/riemannianFlowMatching.js'
export { assignment, type PreparedAssignment, prepareAssignment } from './matching/assignment.js'
export type { Coupling } from './matching/coupling.js'
export {
  type FlowMatchingOptions,
  flowMatching,
  lateTimes,
  logTimes,
  missOf,
} from './matching/flowMatching.js'
export {
  bridgeSamples,
  type LightBridgeOptions,
  lightBridge,
  lightBridgeLoss,
} from './matching/lightBridge.js'
export {
  type ConditionalPath,
  gaussian,
  polynomial,
  schroedingerBridge,
  straight,
  trigonometric,
  variancePreserving,
} from './matching/paths.js'
export {
  type ScoreAndFlowMatchingOptions,
  scoreAndFlowMatching,
  type VelocityAndScore,
} from './matching/scoreAndFlowMatching.js'
export { type SinkhornOptions, type SinkhornPlan, sinkhorn } from './matching/sinkhorn.js'
export { bitsPerDimension } from './metrics/bitsPerDimension.js'
export type { Estimate } from './metrics/estimate.js'
export { evaluations } from './metrics/evaluations.js'
export { lossFloor } from './metrics/lossFloor.js'
export { maximumMeanDiscrepancy } from './metrics/maximumMeanDiscrepancy.js'
export { negativeLogLikelihood } from './metrics/negativeLogLikelihood.js'
export { normalizedPathEnergy, type PathEnergyOptions, pathEnergy } from './metrics/pathEnergy.js'
export { type SamplingFloorOptions, samplingFloor } from './metrics/samplingFloor.js'
export { wasserstein2 } from './metrics/wasserstein.js'
export { type BlurredFeaturesOptions, blurredFeatures } from './networks/blurredFeatures.js'
export { type FourierFeaturesOptions, fourierFeatures } from './networks/fourierFeatures.js'
export {
  type GradientFlowNetworkOptions,
  gradientFlowNetwork,
  marginRadius,
} from './networks/gradientFlowNetwork.js'
export {
  type HamiltonianNetwork,
  hamiltonianField,
  hamiltonianNetwork,
} from './networks/hamiltonianNetwork.js'
export { type PlugAndPlayOptions, type PlugAndPlayResult, plugAndPlay } from './networks/plugAndPlay.js'
export { type SymplecticNetworkOptions, symplecticNetwork } from './networks/symplecticNetwork.js'
