/** What the exit codes mean. `wampd --help` and the README have the same table. */
export const EXIT_CODES: Readonly<Record<number, string>> = {
  0: 'done; for a router: shut down in order',
  1:
    'could not run: port in use, no permission, no router to talk to; a check that failed; ' +
    '`wampd migrate`: something was dropped',
  2: 'wrong flag or configuration; `wampd bench`: messages were lost',
  3: 'the router or a procedure answered with an error',
  4: 'the router refused to let in, or ended the session',
  5: 'not in time: no answer, too few events',
  129: 'SIGHUP while it went down: ended at once',
  130: 'the same with SIGINT; `call`, `publish`, `subscribe`, `register`: ended by it',
  143: 'the same with SIGTERM',
}

/** Something that whoever typed the command can mend. The message has one or more lines. */
export class Failure extends Error {
  override name = 'Failure'
  /** See EXIT_CODES. */
  readonly code: number

  constructor(message: string, code: number, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
