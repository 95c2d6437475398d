/** What every built-in study may be told. */
export interface StudyOptions {
  readonly json?: boolean
  readonly out?: string | undefined
}
