// Loader hooks: ts-node transpiles each source once, and what it gave is kept under node_modules/.cache by path and content.
// A process or a thread that finds every file there does not load the compiler, which costs a second for each of them.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { threadId } from 'node:worker_threads'

const root = fileURLToPath(new URL('../', import.meta.url))
const folder = join(root, 'node_modules', '.cache', 'typescript')
const require = createRequire(import.meta.url)
const hashOf = (...texts) =>
  texts.reduce((hash, text) => hash.update(text).update('\0'), createHash('sha256')).digest('hex')
const settings = hashOf(
  ...['tsconfig.json', 'tsconfig.base.json', 'package.json'].map((name) => readFileSync(join(root, name))),
)
mkdirSync(folder, { recursive: true })

let service
/** As with ts-node's own hooks, types are checked apart, by `tsc`. */
function compile(source, file) {
  service ??= require('ts-node').create({ cwd: root, transpileOnly: true })
  return service.compile(source, file)
}

/** The program of a source; an entry holds the hash of what it was made from in its first line. */
function programOf(file) {
  const source = readFileSync(file, 'utf8')
  const key = hashOf(settings, source)
  const entry = join(folder, `${hashOf(file)}.js`)
  const kept = existsSync(entry) ? readFileSync(entry, 'utf8') : ''
  if (kept.startsWith(`${key}\n`)) return kept.slice(key.length + 1)
  const program = compile(source, file)
  // renamed into place: others may read or write the same entry now
  const draft = `${entry}.${process.pid}-${threadId}`
  writeFileSync(draft, `${key}\n${program}`)
  renameSync(draft, entry)
  return program
}

/** `./name.js` in a TypeScript source is `./name.ts`. */
export async function resolve(specifier, context, next) {
  if (/^\.\.?\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts')) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL)
    if (existsSync(url)) return { url: url.href, format: 'module', shortCircuit: true }
  }
  return next(specifier, context)
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !new URL(url).pathname.endsWith('.ts')) return next(url, context)
  return { format: 'module', source: programOf(fileURLToPath(url)), shortCircuit: true }
}
