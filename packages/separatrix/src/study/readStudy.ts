import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { misuse, show } from '@separatrix/field'
import { parse } from 'yaml'
import { checkStudy, type StudyFile } from './schema.js'

/** A study file as it stands, and where it stands: paths in it are relative to its folder. */
export interface StudySource {
  readonly file: string
  readonly directory: string
  readonly study: StudyFile
}

/** Reads a study from YAML (hence also from JSON). */
export function readStudy(path: string): StudySource {
  const file = basename(path)
  const text = readText(path, 'a study file', 'a path such as examples/pendulum.yaml')
  let value: unknown
  try {
    value = parse(text, { prettyErrors: true })
  } catch (error) {
    throw misuse({
      where: file,
      expected: 'YAML',
      got: `an error: ${(error as Error).message.split('\n')[0]}`,
      try: 'checking indentation and quotes there',
      code: 'bad-yaml',
    })
  }
  return { file, directory: dirname(resolve(path)), study: checkStudy(value, file) }
}

/** The text of a file; `what` and `remedy` go into the error when it cannot be read. */
export function readText(path: string, what: string, remedy: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw misuse({
      where: show(path),
      expected: what,
      got: code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'a folder' : String(code),
      try: remedy,
      code: 'unreadable',
    })
  }
}
