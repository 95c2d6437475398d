import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

/**
 * Compiles bench/native/<name>.c with the machine's gcc, perhaps in a variant with macros defined; undefined
 * where there is no gcc.
 */
export function compileNative(
  name: string,
  variant = '',
  macros: readonly string[] = [],
): string | undefined {
  const target = `bench/native/build/${name}${variant}`
  try {
    mkdirSync('bench/native/build', { recursive: true })
    const flags = ['-O3', '-march=native', ...macros.map((m) => `-D${m}`)]
    execFileSync('gcc', [...flags, '-o', target, `bench/native/${name}.c`, '-lm'], { stdio: 'pipe' })
    return target
  } catch (error) {
    console.log(`native code skipped: ${(error as Error).message.split('\n')[0]}`)
    return undefined
  }
}

/** Runs a native benchmark, which times itself and prints JSON. */
export function runNative<T>(program: string, ...args: readonly string[]): T {
  return JSON.parse(execFileSync(program, args, { encoding: 'utf8' })) as T
}
