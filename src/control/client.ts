import { ControlError } from './control-error.ts'
import { linesOf, send } from './place.ts'
import { type Ending, VERBS, type Verb } from './verbs.ts'

/**
 * Asks the router at a socket, and gives its answers as they come. Throws a ControlError with the
 * router's words where it refuses, and others where there is none.
 */
export async function* ask<Answer>(
  path: string,
  verb: keyof typeof VERBS,
  ending?: Ending,
): AsyncGenerator<Answer> {
  const place = { socket: path }
  const { method } = VERBS[verb] as Verb
  const response = await send(place, { method, path: `/${verb}`, body: ending })
  for await (const line of linesOf(place, response)) yield answerIn(line)
}

function answerIn<Answer>(line: string): Answer {
  const answer = JSON.parse(line) as Answer & { error?: string }
  if (answer.error !== undefined) throw new ControlError(answer.error)
  return answer
}
