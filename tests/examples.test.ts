import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as separatrix from 'separatrix'
import ts from 'typescript'
import { test } from 'uvu'

// Every `@example` of a public docstring and every ts block of the Markdown pages runs here, with the public
// names in scope. An example has to stand on its own.

interface Example {
  readonly where: string
  readonly code: string
}

const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (
  ...source: string[]
) => (...values: unknown[]) => Promise<unknown>

function files(directory: string, suffix: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(
      (f) =>
        f.isFile() &&
        f.name.endsWith(suffix) &&
        !f.parentPath.includes('node_modules') &&
        !f.parentPath.includes('dist'),
    )
    .map((f) => join(f.parentPath, f.name))
}

function docstringExamples(file: string): Example[] {
  const comments = readFileSync(file, 'utf8').match(/\/\*\*[\s\S]*?\*\//g) ?? []
  return comments.flatMap((comment, k) => {
    const text = comment.replace(/\s*\*\/$/, '').replace(/^[ \t]*(\/\*\*|\*) ?/gm, '')
    const code = text
      .split(/@example[ \t]*/)
      .slice(1)
      .map((part) => part.split(/^@\w+/m)[0] as string)
    return code.map((c) => ({ where: `${file}, docstring ${k + 1}`, code: c }))
  })
}

/** The blocks of a page in their order, as one program: later ones may use what earlier ones defined. */
function pageExamples(file: string): Example[] {
  const blocks = [...readFileSync(file, 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((b) => b[1])
  return blocks.length === 0 ? [] : [{ where: file, code: blocks.join('\n') }]
}

const examples = [
  ...files('packages', '.ts')
    .filter((f) => f.includes('/src/'))
    .flatMap(docstringExamples),
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].flatMap(pageExamples),
  ...(existsSync('docs') ? files('docs', '.md') : []).flatMap(pageExamples),
]

for (const { where, code } of examples) {
  test(where, async () => {
    const withoutImports = code.replace(/^import [\s\S]*? from '[^']+'$/gm, '')
    const module = ts.transpileModule(withoutImports, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    })
    const names = Object.keys(separatrix)
    const run = new AsyncFunction(...names, `{ ${module.outputText} }`)
    await run(...names.map((n) => (separatrix as Record<string, unknown>)[n]))
  })
}

test('there are examples', () => assert.ok(examples.length >= 10, `${examples.length}`))

test.run()
