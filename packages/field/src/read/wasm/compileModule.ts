import { misuse } from '../../error.js'

/** A module without content. */
const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)

/** Whether WebAssembly may be compiled here (a page's content security policy can forbid it). */
export function canCompileModules(): boolean {
  try {
    return new WebAssembly.Module(empty) instanceof WebAssembly.Module
  } catch {
    return false
  }
}

/** Compiles a module; where that is forbidden the error says what allows it. */
export async function compileModule(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes)
  } catch (error) {
    throw explain(error)
  }
}

/** The same, at once: for what is compiled where a training run begins. */
export function compileModuleNow(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes)
  } catch (error) {
    throw explain(error)
  }
}

function explain(error: unknown): unknown {
  if (canCompileModules()) return error
  return misuse({
    where: "backend: 'wasm'",
    expected: 'permission to compile WebAssembly',
    got: 'a content security policy that forbids it',
    try: "script-src 'self' 'wasm-unsafe-eval', or backend: 'js'",
    code: 'no-wasm',
  })
}
