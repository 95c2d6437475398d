import { adam, agd, fromage, nero, type Optimizer, sgd } from '@separatrix/adjoint'

/** Layers of weights, and units of every hidden layer. */
export interface Architecture {
  readonly depth: number
  readonly width: number
}

/** An optimiser and the rates that it is tried with; none where it has none. */
export interface Contender {
  readonly name: string
  readonly make: (rate: number) => Optimizer
  readonly rates: readonly number[]
}

/** Everything that the transfer study decides, as data. */
export interface TransferRecipe {
  /** networks of growing depth, and of growing width */
  readonly depths: readonly Architecture[]
  readonly widths: readonly Architecture[]
  readonly contenders: readonly Contender[]
  readonly batch: number
  readonly epochs: number
  readonly seed: number
}

/** count rates down from `top`, two to a decade */
const halfDecades = (top: number, count: number): number[] =>
  Array.from({ length: count }, (_, k) => Number((top * 10 ** (-k / 2)).toPrecision(2))).reverse()

/** The recipe that `separatrix study transfer` follows. */
export const transferRecipe: TransferRecipe = {
  depths: [2, 4, 8, 16, 32].map((depth) => ({ depth, width: 64 })),
  widths: [64, 128, 256, 512].map((width) => ({ depth: 4, width })),
  contenders: [
    { name: 'SGD', make: (rate) => sgd({ rate, momentum: 0.9 }), rates: halfDecades(0.32, 6) },
    { name: 'Adam', make: (rate) => adam({ rate }), rates: halfDecades(0.032, 6) },
    { name: 'Fromage', make: (rate) => fromage({ rate }), rates: halfDecades(0.32, 6) },
    { name: 'Nero', make: (rate) => nero({ rate }), rates: halfDecades(0.32, 6) },
    { name: 'AGD', make: () => agd(), rates: [] },
  ],
  batch: 100,
  epochs: 15,
  seed: 0,
}
