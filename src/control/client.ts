import { type IncomingMessage, request } from 'node:http'
import { ControlError } from './control-error.ts'
import { type Ending, VERBS, type Verb } from './verbs.ts'

/** A router that says nothing for so long does not answer any more. Milliseconds. */
const SILENCE = 30_000

/**
 * Asks the router at a socket, and gives its answers as they come. Throws a ControlError with the
 * router's words where it refuses, and others where there is none.
 */
export async function* ask<Answer>(
  path: string,
  verb: keyof typeof VERBS,
  ending?: Ending,
): AsyncGenerator<Answer> {
  const response = await send(path, verb, ending)
  try {
    let rest = ''
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() as string
      for (const line of lines) yield answerIn(line)
    }
  } catch (error) {
    throw error instanceof ControlError ? error : unreachable(path, error as NodeJS.ErrnoException)
  } finally {
    response.destroy()
  }
}

function answerIn<Answer>(line: string): Answer {
  const answer = JSON.parse(line) as Answer & { error?: string }
  if (answer.error !== undefined) throw new ControlError(answer.error)
  return answer
}

function send(path: string, verb: string, ending?: Ending): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method } = VERBS[verb] as Verb
    const asking = request(
      { socketPath: path, path: `/${verb}`, method, timeout: SILENCE },
      resolve,
    )
    asking.on('error', error => reject(unreachable(path, error)))
    asking.on('timeout', () => asking.destroy(new Error('it does not answer')))
    asking.end(ending === undefined ? undefined : JSON.stringify(ending))
  })
}

const ENDED = 'it ended before it had answered'

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'nothing runs there',
  ECONNREFUSED: 'nothing runs there any more',
  EACCES: 'no permission; only the user whom the router runs as may use it',
  ECONNRESET: ENDED,
  EPIPE: ENDED,
}

function unreachable(path: string, { code = '', message }: NodeJS.ErrnoException): ControlError {
  return new ControlError(`no answer from a router at ${path}: ${REASONS[code] ?? message}`)
}
