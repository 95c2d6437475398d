/**
 * Boxes waiting to be split, lowest key first: bounds in typed arrays, a binary heap over their slots. `note` carries
 * two integers per box (the tree node it stands for, the axis to split).
 */
export interface BoxQueue {
  readonly size: () => number
  /** lowest key, or ∞ when empty */
  readonly least: () => number
  readonly push: (
    lo: ArrayLike<number>,
    hi: ArrayLike<number>,
    entry: { readonly key: number; readonly node: number; readonly axis: number },
  ) => void
  /** takes the box of lowest key into `lo` and `hi`; returns its notes */
  readonly pop: (
    lo: Float64Array,
    hi: Float64Array,
  ) => { readonly key: number; readonly node: number; readonly axis: number }
}

export function boxQueue(n: number): BoxQueue {
  let capacity = 1024
  let bounds = new Float64Array(2 * n * capacity)
  let keys = new Float64Array(capacity)
  let notes = new Int32Array(2 * capacity)
  let heap = new Int32Array(capacity)
  const free: number[] = []
  let [count, used] = [0, 0]
  const keyAt = (place: number) => keys[heap[place] as number] as number
  const swap = (p: number, q: number) => {
    const slot = heap[p] as number
    heap[p] = heap[q] as number
    heap[q] = slot
  }
  const grow = () => {
    capacity *= 2
    const [b, k, o, h] = [
      new Float64Array(2 * n * capacity),
      new Float64Array(capacity),
      new Int32Array(2 * capacity),
      new Int32Array(capacity),
    ]
    b.set(bounds)
    k.set(keys)
    o.set(notes)
    h.set(heap)
    ;[bounds, keys, notes, heap] = [b, k, o, h]
  }
  return {
    size: () => count,
    least: () => (count === 0 ? Infinity : keyAt(0)),
    push(lo, hi, { key, node, axis }) {
      const slot = free.pop() ?? used++
      if (slot >= capacity) grow()
      // loops: a call of set, and a view to copy from, take longer than a few numbers do
      for (let i = 0, at = 2 * n * slot; i < n; i++, at++) {
        bounds[at] = lo[i] as number
        bounds[at + n] = hi[i] as number
      }
      keys[slot] = key
      notes[2 * slot] = node
      notes[2 * slot + 1] = axis
      let place = count++
      heap[place] = slot
      for (
        let parent = (place - 1) >> 1;
        place > 0 && keyAt(place) < keyAt(parent);
        parent = (place - 1) >> 1
      ) {
        swap(place, parent)
        place = parent
      }
    },
    pop(lo, hi) {
      const slot = heap[0] as number
      for (let i = 0, at = 2 * n * slot; i < n; i++, at++) {
        lo[i] = bounds[at] as number
        hi[i] = bounds[at + n] as number
      }
      heap[0] = heap[--count] as number
      for (let place = 0; ; ) {
        const left = 2 * place + 1
        if (left >= count) break
        const child = left + 1 < count && keyAt(left + 1) < keyAt(left) ? left + 1 : left
        if (keyAt(place) <= keyAt(child)) break
        swap(place, child)
        place = child
      }
      free.push(slot)
      return {
        key: keys[slot] as number,
        node: notes[2 * slot] as number,
        axis: notes[2 * slot + 1] as number,
      }
    },
  }
}
