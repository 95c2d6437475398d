<<<<<<< HEAD
=======
/** What every built-in study may be told. */
>>>>>>> n1
export interface StudyOptions {
  readonly json?: boolean
  readonly out?: string | undefined
}
