import { misuse } from '../../error.js'
import { hasRelaxedSimd, hasSimd } from './moduleBuilder.js'

/** Refuses engines without 128-bit vectors, or without the relaxed ones that a fused product needs. */
export function expectVectors(where: string, fused = false): void {
  if (!hasSimd())
    throw misuse({
      where,
      expected: 'an engine with 128-bit WebAssembly vectors',
      got: 'one without',
      try: "backend: 'js'",
      code: 'no-simd',
    })
  if (fused && !hasRelaxedSimd())
    throw misuse({
      where,
      expected: 'an engine with relaxed vector instructions',
      got: 'one without',
      try: 'leaving fused out, or node --experimental-wasm-relaxed-simd',
      code: 'no-relaxed-simd',
    })
}
