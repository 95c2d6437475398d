import { readFileSync } from 'node:fs'
import { SeparatrixError } from '@separatrix/field/core'
import { cac } from 'cac'
import { type ExitCode, exitCodes } from './command/exitCodes.js'
import { studies, study } from './command/study.js'
import { type Interrupts, type Streams, streamTerminal } from './terminal/terminal.js'
import { wrap } from './terminal/text.js'

/** Options that cac hands over; every command takes a subset. */
interface Flags {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly out?: string
  readonly csv?: string
  readonly time?: number
  readonly boxes?: number
}

const version = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version

/**
 * Parses the arguments and carries out one command; commands are loaded when they are called. With `interrupts`, Ctrl-C
 * ends a proof with what it has.
 */
export async function commandLine(
  argv: readonly string[],
  streams: Streams,
  interrupts?: Interrupts,
): Promise<ExitCode> {
  const cli = cac('separatrix')
  const terminal = ({ json, quiet }: Flags) =>
    streamTerminal(streams, { quiet: (json || quiet) ?? false, interrupts })
  const flags = (command: ReturnType<typeof cli.command>) =>
    command
      .option('--json', 'Print one JSON object instead of text')
      .option('--quiet', 'Print results only: no progress, no remarks')

  flags(cli.command('certify <study>', 'Prove what a study file says: a region of attraction, …'))
    .option('--out <folder>', 'Where files go instead of out/<name>')
    .option('--time <seconds>', 'End the search after that time, with what it has')
    .option('--boxes <count>', 'End the search after so many boxes')
    .example('  separatrix certify examples/pendulum.yaml')
    .action(async (study: string, options: Flags) => {
      const { certify } = await import('./command/certify.js')
      return certify(study, options, terminal(options))
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
  flags(cli.command('study <name>', `Run a built-in study; '?' names all ${Object.keys(studies).length}`))
    .option('--out <folder>', 'Where files go instead of out/<name>')
    .example('  separatrix study pendulum')
    .action(async (name: string, options: Flags) => {
      return study(name, options, terminal(options))
    })
  cli.usage('<command> [options]')
  cli.help((sections) => [
    ...sections.filter((s) => !s.title?.startsWith('For more info')),
    {
      title: 'Exit codes',
      body: '  0  proved, valid, done\n  1  refuted, invalid, unknown, or ended early\n  2  misuse: the command could not be carried out as given\n  3  a defect of this program',
    },
  ])
  cli.version(version)
  try {
    const { options } = cli.parse([...argv], { run: false })
    if (options['help'] || options['version']) return exitCodes.success
    if (cli.matchedCommand === undefined) {
      if (cli.args.length === 0) cli.outputHelp()
      else
        complain(
          streams,
          `expected a command (certify, check, simulate or study), got '${cli.args[0]}'. Try separatrix --help.`,
        )
      return exitCodes.misuse
    }
    return await cli.runMatchedCommand()
  } catch (error) {
    return explain(error, streams)
  }
}

function complain({ stderr }: Streams, text: string): void {
  stderr.write(`${wrap(`separatrix: ${text}`, { indent: 2 })}\n`)
}

/** Misuse in one paragraph without a stack; anything else is a defect and shows where it came from. */
function explain(error: unknown, streams: Streams): ExitCode {
  const { name, message, stack } = error as Error
  if (error instanceof SeparatrixError || name === 'CACError') {
    complain(streams, name === 'CACError' ? `${message}. Try separatrix --help.` : message)
    return exitCodes.misuse
  }
  complain(streams, 'this is a defect of separatrix, please report it:')
  streams.stderr.write(`${stack ?? String(error)}\n`)
  return exitCodes.defect
}
