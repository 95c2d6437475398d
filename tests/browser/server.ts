// A localhost server of the pages that the checks run in. They differ in their headers alone.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

/** Headers of each page. */
export const pages = {
  isolated: isolation,
  plain: {},
  /** generated code is forbidden, WebAssembly and threads of plain text are not */
  withoutEval: {
    ...isolation,
    'Content-Security-Policy': "script-src 'self' 'wasm-unsafe-eval'; worker-src blob:",
  },
  /** no threads of plain text */
  withoutWorkers: {
    ...isolation,
    'Content-Security-Policy': "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'",
  },
  /** nor WebAssembly */
  strict: { ...isolation, 'Content-Security-Policy': "script-src 'self'; worker-src 'self'" },
} as const satisfies Record<string, Record<string, string>>
export type Page = keyof typeof pages

export interface Server {
  address(page: Page, script: string): string
  close(): Promise<void>
}

/** Serves pages that load one of the scripts, and whatever else the scripts ask for, by path. */
export async function serve(files: ReadonlyMap<string, string | Uint8Array>): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const page = pathname.slice(1) as Page
    if (page in pages) {
      response.writeHead(200, { 'Content-Type': 'text/html', ...pages[page] })
      response.end(
        `<!doctype html><title>${page}</title><script type="module" src="/${searchParams.get('script')}"></script>`,
      )
      return
    }
    const file = files.get(pathname.slice(1))
    const type = pathname.endsWith('.js') ? 'text/javascript' : 'application/json'
    response.writeHead(file === undefined ? 404 : 200, {
      'Content-Type': type,
      'Cross-Origin-Resource-Policy': 'same-origin',
    })
    response.end(file)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    address: (page, script) => `http://127.0.0.1:${port}/${page}?script=${script}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
