// Fails on an import that the architecture forbids: packages depend one way, never on each other's insides,
// and never in a circle; the certificate checker imports nothing of the prover.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const allowed = {
  field: [],
  ode: ['field'],
  adjoint: ['field', 'ode'],
  lyapunov: ['field', 'ode', 'adjoint'],
  flows: ['field', 'ode', 'adjoint'],
  separatrix: ['field', 'ode', 'adjoint', 'lyapunov', 'flows'],
}
const entries = new Set(['@separatrix/field/core'])
const problems = []
const graph = new Map()

for (const [name, neighbours] of Object.entries(allowed)) {
  const root = join('packages', name, 'src')
  for (const file of sources(root)) {
    const imports = [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(
      (m) => m[1],
    )
    graph.set(file, [])
    for (const specifier of imports) {
      if (specifier.startsWith('.')) {
        const target = resolve(dirname(file), specifier).replace(/\.js$/, '.ts')
        graph.get(file).push(relative('.', target))
        if (relative(root, target).startsWith('..'))
          problems.push(`${file}: reaches out of its package (${specifier})`)
      } else if (specifier.startsWith('@separatrix/')) {
        const [, target, deep] = specifier.split('/')
        if (!neighbours.includes(target)) problems.push(`${file}: ${name} must not import ${target}`)
        if (deep !== undefined && !entries.has(specifier)) problems.push(`${file}: deep import ${specifier}`)
      }
    }
  }
}

const checker = join('packages', 'lyapunov', 'src', 'check')
for (const file of graph.keys()) {
  if (!file.startsWith(checker)) continue
  for (const target of graph.get(file))
    if (!target.startsWith(checker)) problems.push(`${file}: the checker imports ${target}`)
  if (/from '@separatrix\//.test(readFileSync(file, 'utf8')))
    problems.push(`${file}: the checker imports another package`)
}

const state = new Map()
for (const file of graph.keys()) visit(file, [])

if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exit(1)
}
console.log(`${graph.size} files, imports run one way`)

function visit(file, path) {
  if (state.get(file) === 'done') return
  if (state.get(file) === 'open') {
    problems.push(`cycle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
    return
  }
  state.set(file, 'open')
  for (const next of graph.get(file) ?? []) visit(next, [...path, file])
  state.set(file, 'done')
}

function sources(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((f) => f.isFile() && /\.ts$/.test(f.name) && !f.name.endsWith('.d.ts'))
    .map((f) => join(f.parentPath, f.name))
}
