export { type Certificate, type LeafBox, leafBoxes, type Proof } from './certify/certificate.js'
export {
  type CertifiedRadius,
  type CertifiedRadiusOptions,
  certifiedRadius,
} from './certify/certifiedRadius.js'
export { type CertifyOptions, certify } from './certify/certify.js'
export type { Claim } from './certify/claim.js'
export {
  type FlowCertifier,
  type FlowCertifierOptions,
  type FlowRadius,
  flowCertifier,
} from './certify/flowCertifier.js'
export {
  type BarrierSetOptions,
  type InvariantSetOptions,
  invariantSet,
  type ShapedSetOptions,
} from './certify/invariantSet.js'
export {
  type LipschitzConstant,
  type LipschitzOptions,
  lipschitzConstant,
  type Norm,
} from './certify/lipschitzConstant.js'
export type { ProofProgress, RegionOptions } from './certify/options.js'
export { type ReachAvoidStayOptions, reachAvoidStay } from './certify/reachAvoidStay.js'
export type { Time } from './certify/readings.js'
export { type Region, regionOfAttraction } from './certify/regionOfAttraction.js'
export type { SetShape } from './certify/setShapes.js'
export type { Uncertain, Uncertainty } from './certify/uncertainty.js'
export type { Proved, Refuted, Unknown, Verdict } from './certify/verdict.js'
export { type CheckResult, checkCertificate } from './check/checkCertificate.js'
export { dlqr } from './control/dlqr.js'
export type { Complex } from './control/eigenvalues.js'
export { type Equilibrium, equilibria } from './control/equilibria.js'
export { linearize } from './control/linearize.js'
export { type LinearQuadraticRegulator, lqr } from './control/lqr.js'
export { dlyap, lyap } from './control/lyapunovEquations.js'
export {
  type LyapunovExponents,
  type LyapunovExponentsOptions,
  lyapunovExponents,
} from './control/lyapunovExponents.js'
export type { MatrixLike } from './control/matrix.js'
export { measuredLoop } from './control/measuredLoop.js'
export { place } from './control/place.js'
export { quadratic } from './control/quadratic.js'
export { type ReturnMap, type ReturnMapOptions, returnMap } from './control/returnMap.js'
export { care, dare } from './control/riccatiEquations.js'
export { worstCaseLoop } from './control/worstCaseLoop.js'
export { type SmtQuery, smtlib } from './export/smtlib.js'
export { type CbfClfQpOptions, cbfClfQp } from './filter/cbfClfQp.js'
export { type CbfQpOptions, cbfQp } from './filter/cbfQp.js'
export { type ClfQpOptions, clfQp } from './filter/clfQp.js'
export { feedbackLoop } from './filter/feedbackLoop.js'
export { highOrderBarrier } from './filter/highOrderBarrier.js'
export { keepOnSimplex } from './filter/keepOnSimplex.js'
export { type HalfSpace, type NearestPoint, nearestPoint } from './filter/nearestPoint.js'
export { type NearestPointGradient, nearestPointGradient } from './filter/nearestPointGradient.js'
export type { FilteredInput, FilterStatus, InputBounds, SafetyFilter } from './filter/safetyFilter.js'
export { sontag } from './filter/sontag.js'
export { type GaitStart, walkingGait } from './gait/gait.js'
export {
  type GaitLimits,
  gaitBarriers,
  gaitLimits,
  impactBarriers,
  impactConditions,
  stepBarriers,
} from './gait/gaitBarriers.js'
export { type GaitControllerOptions, gaitController } from './gait/gaitController.js'
export { type GaitLossOptions, gaitLoss } from './gait/gaitLoss.js'
export { type LeastBarrier, type Walk, type WalkOptions, walk, walkingLoop } from './gait/walk.js'
export { gaitOrbit, zeroDynamics, zeroDynamicsImpact } from './gait/zeroDynamics.js'
export { type BarrierLossOptions, barrierLoss } from './loss/barrierLoss.js'
export { convexCandidate } from './loss/convexCandidate.js'
export {
  type CounterexampleGuidedOptions,
  counterexampleGuided,
  type GuidedRound,
  type GuidedTraining,
} from './loss/counterexampleGuided.js'
export {
  type Counterexamples,
  counterexampleOf,
  withCounterexamples,
} from './loss/counterexamples.js'
export { decisionBoundary } from './loss/decisionBoundary.js'
export type { Disturbance } from './loss/disturbance.js'
export { type EllipsoidLossOptions, ellipsoidLoss } from './loss/ellipsoidLoss.js'
export {
  type HigherOrderLyapunovLossOptions,
  higherOrderLyapunovLoss,
} from './loss/higherOrderLyapunovLoss.js'
export { type HybridBarrierLossOptions, hybridBarrierLoss } from './loss/hybridBarrierLoss.js'
export { type ImitationLossOptions, imitationLoss } from './loss/imitationLoss.js'
export { type LyapunovLossOptions, lyapunovLoss } from './loss/lyapunovLoss.js'
export { type PathLyapunovLossOptions, pathLyapunovLoss } from './loss/pathLyapunovLoss.js'
export { type RegionLossOptions, regionLoss } from './loss/regionLoss.js'
export { type Box, ball, box, nearBoundary, type Sampler, shell, simplex, sublevel } from './loss/samplers.js'
export { type TrainableNormOptions, trainableNorm } from './loss/trainableNorm.js'
export { type TrainableQuadraticOptions, trainableQuadratic } from './loss/trainableQuadratic.js'
export { acrobot } from './plants/acrobot.js'
export { bipedImpact, bipedStrike } from './plants/biped/impact.js'
export type { BipedParameters } from './plants/biped/model.js'
export { bipedPush } from './plants/biped/push.js'
export { cartPole } from './plants/cartPole.js'
export { duffing } from './plants/duffing.js'
export { invertedPendulum } from './plants/invertedPendulum.js'
export { lorenz } from './plants/lorenz.js'
export { pathTracking } from './plants/pathTracking.js'
export { bipedJoints, groundForce, planarBiped, swingFootHeight } from './plants/planarBiped.js'
export { planarQuadrotor } from './plants/planarQuadrotor.js'
export { quadrotor } from './plants/quadrotor.js'
export { segway } from './plants/segway.js'
export { threeMachine } from './plants/threeMachine.js'
export { twoMachine } from './plants/twoMachine.js'
export { vanDerPol } from './plants/vanDerPol.js'
