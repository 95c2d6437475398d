// Bundles the scripts of the pages: from sources, and from the built packages as somebody who installed them would.
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { build, type Plugin } from 'esbuild'

const built: Plugin = {
  name: 'built',
  setup(bundler) {
    bundler.onResolve({ filter: /^(@separatrix\/|separatrix$)/ }, ({ path }) => {
      const [, scoped = 'separatrix', entry = 'index'] = /^(?:@separatrix\/)?([^/]+)\/?(.*)$/.exec(path) ?? []
      return { path: `${process.cwd()}/packages/${scoped}/dist/${entry === '' ? 'index' : entry}.js` }
    })
  },
}

/** Whether `pnpm build` has run. */
export const isBuilt = () => existsSync('packages/separatrix/dist/index.js')

/** Text of every file that a page of this script loads, by name. gpu.js becomes a file of its own, loaded late. */
export async function bundle(script: string, from: 'sources' | 'built'): Promise<Map<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: [`tests/browser/${script}.ts`],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outdir: 'out/browser',
    write: false,
    logLevel: 'error',
    plugins: from === 'built' ? [built] : [],
  })
  return new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]))
}
