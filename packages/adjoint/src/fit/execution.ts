import { hasSimd, misuse, show } from '@separatrix/field/core'

/** What evaluates a loss, and with which numbers. */
export interface Execution {
  /** 'js': compiled JavaScript, one sample after another; 'wasm': a batch in 128-bit vectors */
  readonly backend: 'js' | 'wasm'
  /** 'single' needs 'wasm'; θ and the optimiser stay double */
  readonly precision: 'double' | 'single'
}

/** Completes and checks what the caller of {@link fit} asks for. */
export function readExecution(
  where: string,
  { backend = 'js', precision = 'double' }: Partial<Execution>,
): Execution {
  const bad = (expected: string, got: string, remedy: string) => misuse({ where, expected, got, try: remedy })
  if (backend !== 'js' && backend !== 'wasm')
    throw bad("backend 'js' or 'wasm'", show(backend), "backend: 'wasm'")
  if (precision !== 'double' && precision !== 'single')
    throw bad("precision 'double' or 'single'", show(precision), "precision: 'double'")
  if (backend === 'js' && precision === 'single')
    throw bad("precision 'double' with backend 'js'", "'single'", "backend: 'wasm'")
  if (backend === 'wasm' && !hasSimd())
    throw bad('an engine with 128-bit WebAssembly vectors', 'one without', "backend: 'js'")
  return { backend, precision }
}

/** What a loss that knows no vectors runs on. */
export const plainExecution: Execution = { backend: 'js', precision: 'double' }
