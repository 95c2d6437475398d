/**
 * Everything about fields that needs no formula parser: what the solvers build on. gpu.js is loaded only when a
 * device is opened.
 * `@separatrix/field` is this and the rest.
 */
export { type Activation, activate } from './build/activations.js'
export { type CayleyTransform, cayley } from './build/cayley.js'
export { augment, closeLoop, combine, compose, freeze, type Place } from './build/compose.js'
export { type ConvexNetworkOptions, convexNetwork } from './build/convexNetwork.js'
export { type ConvolutionalNetworkOptions, convolutionalNetwork } from './build/convolutionalNetwork.js'
export { groupSort } from './build/groupSort.js'
export { type LipschitzNetworkOptions, lipschitzNetwork } from './build/lipschitzNetwork.js'
export { type LiquidCellOptions, liquidCell } from './build/liquidCell.js'
export { type NetworkOptions, network } from './build/network.js'
export { fromOnnx } from './build/onnx/fromOnnx.js'
export { type OrthogonalFlowOptions, orthogonalFlow, orthogonalStart } from './build/orthogonalFlow.js'
export { type OrthogonalNetworkOptions, orthogonalNetwork } from './build/orthogonalNetwork.js'
export { piecewiseWeights } from './build/piecewiseWeights.js'
export { projectOntoSimplex } from './build/projectOntoSimplex.js'
export { secondOrder } from './build/secondOrder.js'
export { shareTheta } from './build/shareTheta.js'
export { type TimeLayer, type TimeNetworkOptions, timeNetwork } from './build/timeNetwork.js'
export { checkOptions, type OptionNames } from './checkOptions.js'
export {
  divergence,
  gradient,
  jacobian,
  jvp,
  lieDerivative,
  type Variable,
  vjp,
} from './derive/derivatives.js'
export {
  type EulerLagrangeOptions,
  eulerLagrange,
  type LagrangianOptions,
  type MotionTerms,
  motionTerms,
} from './derive/eulerLagrange.js'
export { partialDerivative } from './derive/partialDerivative.js'
export { pullback } from './derive/pullback.js'
export { pushforward } from './derive/pushforward.js'
export { scalarCount, scalarize } from './derive/scalarize.js'
export { solvePositiveDefinite } from './derive/solvePositiveDefinite.js'
export { vectorize } from './derive/vectorize.js'
export { type Enclosure, enclose } from './enclose/enclose.js'
export { affineScript, encloseAffine } from './enclose/encloseAffine.js'
export {
  type BatchEnclosure,
  canEncloseBatch,
  type EncloseBatchForm,
  type EncloseBatchOptions,
  encloseBatch,
} from './enclose/encloseBatch.js'
export { encloseInterpreted } from './enclose/encloseInterpreted.js'
export { encloseLinear, type LinearEnclosure } from './enclose/encloseLinear.js'
export {
  binaryInterval,
  constantInterval,
  type Interval,
  powerInterval,
  unaryInterval,
} from './enclose/intervalRules.js'
export {
  down as roundDown,
  sumDown as roundSumDown,
  sumUp as roundSumUp,
  up as roundUp,
} from './enclose/rounding.js'
export { type Misuse, misuse, SeparatrixError, show } from './error.js'
export {
  blockSize,
  expectField,
  expectSameOrder,
  type Field,
  type FieldHeader,
  isField,
  mergeTheta,
  type ThetaBlock,
  withParams,
  withTheta,
} from './field.js'
export { applyNode, Builder, type Ref } from './graph/builder.js'
export { embed, embedAll, type Leaves } from './graph/embed.js'
export { decompose, isExactDecimal } from './graph/exact.js'
export {
  type Attributes,
  type Binary,
  binary,
  isTotal,
  type Leaf,
  leaves,
  type Node,
  type NodeOf,
  type Op,
  type Unary,
  unary,
} from './graph/node.js'
export { makeArray } from './makeArray.js'
export { makeField } from './makeField.js'
export { type Random, restoreRandom, seededRandom, shuffle } from './random.js'
export { canGenerateCode } from './read/canGenerateCode.js'
export { compile, compileSource, unrollLimit } from './read/compile.js'
export {
  type CompiledGradient,
  type CompileGradientOptions,
  compileGradient,
} from './read/compileGradient.js'
export type { EveryReading } from './read/everyReading.js'
export type { GpuLeaves, GpuStatements } from './read/gpuCode.js'
export { type GpuDevice, type GpuMode, gpuModes, openGpu } from './read/gpuDevice.js'
export { invalidResult, kernelLimit } from './read/gpuKernel.js'
export { gpuStatements } from './read/gpuStatements.js'
export { interpret } from './read/interpret.js'
export { binaryCode, type CompiledField, literal, powerCode, unaryCode } from './read/javascriptCode.js'
export { type LeafNames, printStatements, type Statements } from './read/javascriptStatements.js'
export { type FieldJson, fromJSON, toJSON } from './read/json.js'
export { fieldReadings } from './read/readings.js'
export {
  readSafetensors,
  type SafetensorsOptions,
  type Tensor,
  toSafetensors,
  withSafetensors,
} from './read/safetensors.js'
export type { TensorType } from './read/tensorNumbers.js'
export {
  type BatchEvaluator,
  type BatchOptions,
  compileBatch,
  rowStride,
} from './read/wasm/compileBatch.js'
export { canCompileModules, compileModule } from './read/wasm/compileModule.js'
export { binaryLanes, ulps } from './read/wasm/elementary.js'
export type { FunctionBody } from './read/wasm/encode.js'
export type { VectorSteps } from './read/wasm/explicitSteps/compileSteps.js'
export { clockSlot } from './read/wasm/explicitSteps/stepMemory.js'
export type { StepConventions, StepForm } from './read/wasm/explicitSteps/types.js'
export { callCode, FunctionCode, type Id, memoryOperand } from './read/wasm/functionCode.js'
export { LaneCode, type LaneValue } from './read/wasm/laneCode.js'
export { type LaneKind, laneTypes, simd } from './read/wasm/lanes.js'
export {
  hasRelaxedSimd,
  hasSimd,
  importsFor,
  instantiate,
  type ModuleBuilder,
  makeModule,
  mostPages,
} from './read/wasm/moduleBuilder.js'
export { type LaneLeaves, printLanes } from './read/wasm/printLanes.js'
export { callTile, printTile, type TileField } from './read/wasm/printTile.js'
export {
  printWasm,
  rowsFrom,
  type WasmField,
  type WasmFieldOptions,
  type WasmForm,
  wasmForm,
} from './read/wasm/printWasm.js'
export { compileStateLoops } from './read/wasm/stateLoops/compileStateLoops.js'
export { type Layout, makeLayout } from './read/wasm/stateLoops/layout.js'
export { type LoopPlan, planStateLoops } from './read/wasm/stateLoops/plan.js'
export {
  type CompiledProgram,
  type CompiledTiles,
  compileTiles,
  type TileOptions,
  type TileShape,
} from './read/wasm/tile/compileTiles.js'
export { printTileProgram } from './read/wasm/tile/printTileProgram.js'
export { shift, type Walker } from './read/wasm/tile/source.js'
export type { TileGraph } from './read/wasm/tile/tileGraph.js'
export { copyTile, fillRow } from './read/wasm/tile/tileMemory.js'
