import { checkCertificate } from '@separatrix/lyapunov'
import { duration } from '../report/format.js'
import { readText } from '../study/readStudy.js'
import type { Terminal } from '../terminal/terminal.js'
import { wrap } from '../terminal/text.js'
import { type ExitCode, exitCodes } from './exitCodes.js'

/** `separatrix check <certificate.json>`: whether an independent program can prove the certificate again. */
export function check(path: string, { json }: { readonly json?: boolean }, terminal: Terminal): ExitCode {
  const text = readText(path, 'a certificate', 'the path of a file that certify wrote')
  const start = terminal.now()
  const { valid, reason } = checkCertificate(text)
  const took = terminal.now() - start
  if (json) terminal.print(JSON.stringify({ valid, reason }))
  else {
    terminal.print(`${valid ? 'VALID' : 'INVALID'}  ${path}`)
    terminal.print(wrap(reason, { columns: 80 }))
    terminal.remark(`checked in ${duration(took)}`)
  }
  return valid ? exitCodes.success : exitCodes.negative
}
