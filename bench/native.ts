import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

/** Compiles bench/native/<name>.c with the machine's gcc and further flags; undefined where there is none. */
export function compileNative(name: string, flags: readonly string[] = []): string | undefined {
  const target = `bench/native/build/${name}${flags.join('').replace(/[^\w]/g, '')}`
  try {
    mkdirSync('bench/native/build', { recursive: true })
    execFileSync('gcc', ['-O3', '-march=native', ...flags, '-o', target, `bench/native/${name}.c`, '-lm'], {
      stdio: 'pipe',
    })
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
