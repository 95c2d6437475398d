import { misuse, show } from '@separatrix/field/core'

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)

/** What types promise and plain JavaScript may break: y0 as a list of numbers, options as an object. */
export function checkDoor(y0: unknown, options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw misuse({
      where: 'solve(options)',
      expected: 'an object with a method',
      got: show(options),
      try: '{ method: dopri5, rtol: 1e-8, atol: 1e-10 }',
    })
  if (!isList(y0) || Array.from(y0).some((v) => typeof v !== 'number'))
    throw misuse({
      where: 'solve(y0)',
      expected: 'an array of numbers',
      got: show(y0),
      try: 'y0: [1, 0]',
      code: 'wrong-dimension',
    })
  const saveAt = 'saveAt' in options ? options.saveAt : undefined
  const isKnown =
    saveAt === undefined ||
    saveAt === 'end' ||
    isList(saveAt) ||
    (typeof saveAt === 'object' && saveAt !== null && 'everySteps' in saveAt)
  if (!isKnown)
    throw misuse({
      where: 'solve(saveAt)',
      expected: "a list of times, 'end' or { everySteps: k }",
      got: show(saveAt),
      try: 'saveAt: [0, 0.5, 1]',
      code: 'bad-times',
    })
}
