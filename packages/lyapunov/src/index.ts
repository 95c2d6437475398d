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
export type { RegionOptions } from './certify/options.js'
export { type ReachAvoidStayOptions, reachAvoidStay } from './certify/reachAvoidStay.js'
export type { Time } from './certify/readings.js'
export { type Region, regionOfAttraction } from './certify/regionOfAttraction.js'
export type { SetShape } from './certify/setShapes.js'
export type { Uncertain, Uncertainty } from './certify/uncertainty.js'
export type { Proved, Refuted, Unknown, Verdict } from './certify/verdict.js'
export { type CheckResult, checkCertificate } from './check/checkCertificate.js'
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
export { place } from './control/place.js'
export { quadratic } from './control/quadratic.js'
export { care, dare } from './control/riccatiEquations.js'
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
export { type BarrierLossOptions, barrierLoss } from './loss/barrierLoss.js'
export { decisionBoundary } from './loss/decisionBoundary.js'
export { type EllipsoidLossOptions, ellipsoidLoss } from './loss/ellipsoidLoss.js'
export { type ImitationLossOptions, imitationLoss } from './loss/imitationLoss.js'
export { type LyapunovLossOptions, lyapunovLoss } from './loss/lyapunovLoss.js'
export { type RegionLossOptions, regionLoss } from './loss/regionLoss.js'
export { type Box, ball, box, nearBoundary, type Sampler, sublevel } from './loss/samplers.js'
export { type TrainableQuadraticOptions, trainableQuadratic } from './loss/trainableQuadratic.js'
export { acrobot } from './plants/acrobot.js'
export { cartPole } from './plants/cartPole.js'
export { duffing } from './plants/duffing.js'
export { invertedPendulum } from './plants/invertedPendulum.js'
export { lorenz } from './plants/lorenz.js'
export { pathTracking } from './plants/pathTracking.js'
export { planarQuadrotor } from './plants/planarQuadrotor.js'
export { quadrotor } from './plants/quadrotor.js'
export { segway } from './plants/segway.js'
export { threeMachine } from './plants/threeMachine.js'
export { twoMachine } from './plants/twoMachine.js'
export { vanDerPol } from './plants/vanDerPol.js'
