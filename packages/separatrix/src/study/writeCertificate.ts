import { rmSync, writeFileSync } from 'node:fs'
import type { Certificate } from '@separatrix/lyapunov'

/** Writes a certificate; without one, removes that of an earlier run, which would now mislead. */
export function writeCertificate(path: string, certificate: Certificate | undefined): void {
  if (certificate === undefined) rmSync(path, { force: true })
  else writeFileSync(path, JSON.stringify(certificate))
}
