import { adam, agd, fromage, nero, type Optimizer, type Rate, sgd } from '@separatrix/adjoint'

/** Layers of weights, and units of every hidden layer. */
export interface Architecture {
  readonly depth: number
  readonly width: number
}

/** The optimisers that are compared; the last has no rate. */
export const transferOptimizers = {
  SGD: (rate: Rate): Optimizer => sgd({ rate, momentum: 0.9 }),
  Adam: (rate: Rate): Optimizer => adam({ rate }),
  Fromage: (rate: Rate): Optimizer => fromage({ rate }),
  Nero: (rate: Rate): Optimizer => nero({ rate }),
  // every network starts as this one prescribes
  AGD: (): Optimizer => agd({ start: 'given' }),
} as const

export type ContenderName = keyof typeof transferOptimizers

/** An optimiser and the rates that it is tried with, ascending by factors of 2; none where it has none. */
export interface Contender {
  readonly name: ContenderName
  readonly rates: readonly number[]
}

/** What every run has in common. */
export interface TransferTraining {
  readonly batch: number
  readonly epochs: number
}

/** Everything that the transfer study decides, as data. */
export interface TransferRecipe extends TransferTraining {
  /** networks of growing depth, and of growing width, on which all rates are tried */
  readonly depths: readonly Architecture[]
  readonly widths: readonly Architecture[]
  /** costly ones, which see chosen rates and the first of the test seeds only */
  readonly both: readonly Architecture[]
  readonly contenders: readonly Contender[]
  /** of the runs that choose rates, and of those that test what was chosen */
  readonly seed: number
  readonly testSeeds: readonly number[]
  readonly threads: number
}

/** 2^from … 2^to */
const powers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, k) => 2 ** (from + k))

/** The recipe that `separatrix study transfer` follows. */
export const transferRecipe: TransferRecipe = {
  depths: [2, 4, 8, 16, 32].map((depth) => ({ depth, width: 64 })),
  widths: [64, 128, 256].map((width) => ({ depth: 4, width })),
  both: [
    { depth: 4, width: 512 },
    { depth: 32, width: 128 },
  ],
  contenders: [
    { name: 'SGD', rates: powers(-10, -3) },
    { name: 'Adam', rates: powers(-12, -5) },
    { name: 'Fromage', rates: powers(-9, -3) },
    { name: 'Nero', rates: powers(-9, -3) },
    { name: 'AGD', rates: [] },
  ],
  // 600 steps: with 300, 32 layers are not done with any rate of Fromage's or Nero's
  batch: 50,
  epochs: 30,
  seed: 0,
  testSeeds: [1, 2],
  threads: 2,
}
