import { memoryOperand } from '../functionCode.js'
import { along, type LoopPrinter } from './cursor.js'
import type { Base, Task } from './plan.js'

/** out[indices[i]] += x[i], one entry after the other, since places may repeat. */
export function printScatter(
  p: LoopPrinter,
  { source, table, count, size, target }: Extract<Task, { kind: 'scatter' }>,
  resolve: (base: Base) => number,
): void {
  const { code } = p
  const zero = p.narrow.constant(0)
  along(p, 0, size, (cursor) => cursor.store(target, zero))
  if (count === 0) return
  const i = code.variable('i32')
  code.set(i, code.integer(0))
  code.countTo(i, code.integer(8 * count), code.integer(8), () => {
    const half = code.value('i32', [0x76], [i, code.integer(1, true)])
    const place = code.value('i32', [0x28, ...memoryOperand(2, table)], [half])
    const value = code.value('f64', [0x2b, ...memoryOperand(3, resolve(source.base) + 8 * source.start)], [i])
    const old = code.value('f64', [0x2b, ...memoryOperand(3, target)], [place])
    code.effect([0x39, ...memoryOperand(3, target)], [place, code.value('f64', [0xa0], [old, value])])
  })
}
