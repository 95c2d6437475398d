// Packs each package as it would be published and checks what a consumer would get.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

let failed = false
for (const name of readdirSync('packages')) {
  const directory = join('packages', name)
  const packed = JSON.parse(
    execFileSync('pnpm', ['pack', '--json', '--pack-destination', '../../out'], {
      cwd: directory,
      encoding: 'utf8',
    }),
  )
  console.log(packed.name ?? name)
  const { messages, pkg } = await publint({ pkgDir: directory, pack: 'pnpm', strict: true })
  for (const message of messages) console.log(`  ${message.type}: ${formatMessage(message, pkg)}`)
  failed ||= messages.length > 0
}
process.exit(failed ? 1 : 0)
