import { canCompileModules, hasSimd } from '@separatrix/field/core'
import { loopSearch } from './loopSearch.js'
import type { RowSearch } from './rowSearch.js'
import { vectorSearch } from './vectorSearch.js'

/**
 * Below this many columns plain loops are as fast as vectors, which first have to be compiled and instantiated:
 * an assignment of 32 takes some .05 ms either way.
 */
const fewColumns = 32

/** Searches on 128-bit vectors where they may be compiled and pay, else in plain loops: the same columns and prices. */
export const makeSearch = (n: number): RowSearch =>
  n >= fewColumns && hasSimd() && canCompileModules() ? vectorSearch(n) : loopSearch(n)
