export { defineCollocation } from './collocation/defineCollocation.js'
export type { CollocationMethod, CollocationOptions } from './collocation/types.js'
export { type AdaptiveOptions, adaptive, type ControlPreset, type StepControl } from './control/adaptive.js'
export type { ErrorNorm, Tolerance, Tolerances } from './control/tolerances.js'
export { defineDiagonal } from './diagonallyImplicit/defineDiagonal.js'
export type { DiagonalMethod, DiagonalOptions } from './diagonallyImplicit/tableau.js'
export { ensemble } from './ensemble/ensemble.js'
export { type CostQuestion, type Costs, estimateCosts, type Ready } from './ensemble/estimateCosts.js'
export { type HistogramOptions, histogram, mean, quantiles, variance } from './ensemble/reductions.js'
export { type Matrix, readRows } from './ensemble/rows.js'
export { type ThreadPool, threadPool } from './ensemble/threadPool.js'
export type {
  EnsembleBackend,
  EnsembleOptions,
  EnsembleSolution,
  EnsembleStatus,
  EventSummary,
  Reduction,
  Rows,
  Snapshot,
} from './ensemble/types.js'
export type { CrossingDirection, Event, EventFunction, EventRecord, EventReset } from './events/event.js'
export { defineTableau } from './explicit/defineTableau.js'
export { type StepLeaves, stepGraph } from './explicit/stepGraph.js'
export type { DenseOutput, ExplicitMethod, TableauOptions } from './explicit/tableau.js'
export { substeps as midpointSubsteps } from './extrapolation/midpointTable.js'
export { factorize, solveFactored } from './implicit/lu.js'
export {
  type Integrator,
  integrator,
  restoreState,
  type StateJson,
  saveState,
  type TakenSteps,
  timeOf,
} from './integrator.js'
export type { StepInterpolant, Steps } from './interpolant.js'
export type { ExecutionPath, Kernel, KernelSettings, Method, Stepping } from './method.js'
export { asynchronousLeapfrog } from './methods/asynchronousLeapfrog.js'
export { type AutoOptions, auto, type SwitchingMethod } from './methods/auto.js'
export { bosh3 } from './methods/bosh3.js'
export { dop853 } from './methods/dop853.js'
export { dopri5 } from './methods/dopri5.js'
export { euler } from './methods/euler.js'
export { gauss4 } from './methods/gauss4.js'
export { gauss6 } from './methods/gauss6.js'
export { gbs } from './methods/gbs.js'
export { heun } from './methods/heun.js'
export { implicitEuler } from './methods/implicitEuler.js'
export { implicitMidpoint } from './methods/implicitMidpoint.js'
export { kencarp4 } from './methods/kencarp4.js'
export { kutta3 } from './methods/kutta3.js'
export { kvaerno5 } from './methods/kvaerno5.js'
export { leapfrog } from './methods/leapfrog.js'
export { midpoint } from './methods/midpoint.js'
export { radau5 } from './methods/radau5.js'
export { ralston } from './methods/ralston.js'
export { reversibleHeun } from './methods/reversibleHeun.js'
export { rk4 } from './methods/rk4.js'
export { rodas4 } from './methods/rodas4.js'
export { rodas5p } from './methods/rodas5p.js'
export { rosenbrock23 } from './methods/rosenbrock23.js'
export { ruth3 } from './methods/ruth3.js'
export { ssprk3 } from './methods/ssprk3.js'
export { symplecticEuler } from './methods/symplecticEuler.js'
export { threeEighths } from './methods/threeEighths.js'
export { trapezoid } from './methods/trapezoid.js'
export { trbdf2 } from './methods/trbdf2.js'
export { tsit5 } from './methods/tsit5.js'
export { vern6 } from './methods/vern6.js'
export { vern7 } from './methods/vern7.js'
export { vern8 } from './methods/vern8.js'
export { vern9 } from './methods/vern9.js'
export { yoshida4 } from './methods/yoshida4.js'
export { yoshida6 } from './methods/yoshida6.js'
export { type Observable, type ObservableRecord, observableRecord } from './observe/observableRecord.js'
export type { StepObserver, StepRun } from './observe/observer.js'
export { checkTimes, type SaveAt } from './observe/output.js'
export { type StepRecord, stepRecord } from './observe/stepRecord.js'
export type { SolveStats } from './outcome.js'
export { evaluatePolynomial, type PiecewisePolynomial } from './polynomials.js'
export type { StepOptions } from './prepare.js'
export type { Problem, VectorFieldFunction } from './problem.js'
export { defineRosenbrock } from './rosenbrock/defineRosenbrock.js'
export type { RosenbrockDense, RosenbrockMethod, RosenbrockOptions } from './rosenbrock/tableau.js'
export {
  type Progress,
  type Solution,
  type SolveOptions,
  type SolveStatus,
  solve,
  solveOptionNames,
} from './solve.js'
export type { StepState } from './state.js'
export { isSeparable, resolvePartition } from './symplectic/separability.js'
export { defineSplitting, partitioned } from './symplectic/splitting.js'
export type { Partition, Splitting, SplittingOptions, Substep } from './symplectic/types.js'
export type { Trace, TraceLevel } from './trace.js'
export { type TrajectoryPoint, trajectory } from './trajectory.js'
export { type MethodReport, verifyMethod } from './verify/verifyMethod.js'
export type { IntegratorOptions } from './watch.js'
