#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { SeparatrixError } from '@separatrix/field/core'
import { cac } from 'cac'
import { type ExitCode, exitCodes } from './command/exitCodes.js'
import { processTerminal } from './terminal/terminal.js'
import { wrap } from './terminal/text.js'

/** Options that cac hands over; every command takes a subset. */
interface Flags {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly out?: string
  readonly csv?: string
}

const version = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version

process.exitCode = await run(process.argv)

/** Parses the arguments and carries out one command; commands are loaded when they are called. */
async function run(argv: string[]): Promise<ExitCode> {
  const cli = cac('separatrix')
  const terminal = ({ json, quiet }: Flags) => processTerminal({ quiet: (json || quiet) ?? false })
  const flags = (command: ReturnType<typeof cli.command>) =>
    command
      .option('--json', 'Print one JSON object instead of text')
      .option('--quiet', 'Print results only: no progress, no remarks')

  flags(cli.command('certify <study>', 'Prove a region of attraction'))
    .option('--out <folder>', 'Where certificate and report go', { default: 'out/<name>' })
    .example('  separatrix certify examples/pendulum.yaml')
    .action(async (study: string, options: Flags) => {
      const { certify } = await import('./command/certify.js')
      return certify(study, { ...options, out: folder(options) }, terminal(options))
    })
  flags(cli.command('check <certificate>', 'Check a certificate, by code the prover does not share'))
    .example('  separatrix check out/pendulum/certificate.json')
    .action(async (certificate: string, options: Flags) => {
      const { check } = await import('./command/check.js')
      return check(certificate, options, terminal(options))
    })
  flags(cli.command('simulate <study>', 'Solve the equations of a study'))
    .option('--csv <file>', 'Write the trajectories to a file')
    .example('  separatrix simulate examples/pendulum.yaml --csv out/pendulum.csv')
    .action(async (study: string, options: Flags) => {
      const { simulate } = await import('./command/simulate.js')
      return simulate(study, options, terminal(options))
    })
  flags(cli.command('study <name>', 'Run a built-in study from start to proof: pendulum'))
    .option('--out <folder>', 'Where certificates and report go', { default: 'out/<name>' })
    .example('  separatrix study pendulum')
    .action(async (name: string, options: Flags) => {
      const { study } = await import('./command/study.js')
      return study(name, { ...options, out: folder(options) }, terminal(options))
    })
  cli.usage('<command> [options]')
  cli.help((sections) => [
    ...sections.filter((s) => !s.title?.startsWith('For more info')),
    {
      title: 'Exit codes',
      body: '  0  proved, valid, done\n  1  refuted, invalid, unknown, or ended early\n  2  misuse: the command could not be carried out as given',
    },
  ])
  cli.version(version)
  try {
    const { options } = cli.parse(argv, { run: false })
    if (options['help'] || options['version']) return exitCodes.success
    if (cli.matchedCommand === undefined) {
      if (cli.args.length === 0) cli.outputHelp()
      else unknownCommand(cli.args[0] as string)
      return exitCodes.misuse
    }
    return await cli.runMatchedCommand()
  } catch (error) {
    return explain(error)
  }
}

/** cac offers the placeholder as the value when the option is not given. */
function folder({ out }: Flags): string | undefined {
  return out === 'out/<name>' ? undefined : out
}

function unknownCommand(name: string): void {
  process.stderr.write(
    `${wrap(`separatrix: expected a command (certify, check, simulate or study), got '${name}'. Try separatrix --help.`, { indent: 2 })}\n`,
  )
}

/** Misuse in one paragraph without a stack; anything else is a defect and shows where it came from. */
function explain(error: unknown): ExitCode {
  const { name, message } = error as Error
  if (!(error instanceof SeparatrixError) && name !== 'CACError') throw error
  const text = name === 'CACError' ? `${message}. Try separatrix --help.` : message
  process.stderr.write(`${wrap(`separatrix: ${text}`, { indent: 2 })}\n`)
  return exitCodes.misuse
}
