/** What the command line answers to a shell. */
export const exitCodes = {
  /** proved, valid, or done */
  success: 0,
  /** refuted, invalid, unknown, or ended before its end: the command did its work, the news is bad */
  negative: 1,
  /** the command could not be carried out as it was given */
  misuse: 2,
  /** a defect of this program */
  defect: 3,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
