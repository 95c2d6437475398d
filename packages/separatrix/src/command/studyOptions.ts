export interface StudyOptions {
  readonly json?: boolean
  readonly out?: string | undefined
}
