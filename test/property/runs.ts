import { type Step, stepsOf } from './steps.ts'
import { World } from './world.ts'

/** Time that is spent on leaving steps out of a sequence that fails. Milliseconds. */
const REDUCING = 20_000

/** Leads new worlds through the steps of seeds; `until` is told how many. Gives their number. */
export async function runSeeds(first: number, until: (count: number) => boolean): Promise<number> {
  let seed = first
  for (; !until(seed - first); seed++) {
    const sequence = stepsOf(seed)
    const problem = await problemOf(sequence)
    if (problem === null) continue
    const [short, last] = await reduced(sequence, problem)
    const lines = short.map(one => JSON.stringify(one)).join('\n')
    throw new Error(`SEED=${seed} fails:\n${last}\nafter these steps:\n${lines}`)
  }
  return seed - first
}

async function problemOf(sequence: readonly Step[]): Promise<string | null> {
  try {
    await new World().run(sequence)
    return null
  } catch (error) {
    const { message, stack } = error as Error
    return message.startsWith('model: ') ? message : String(stack)
  }
}

/** Leaves out what the failure does not need: halves first, then ever smaller parts. */
async function reduced(sequence: readonly Step[], problem: string): Promise<[Step[], string]> {
  const end = Date.now() + REDUCING
  let [short, last] = [[...sequence], problem]
  for (let size = short.length >> 1; size > 0; size >>= 1) {
    for (let from = 0; from < short.length && Date.now() < end; ) {
      const shorter = [...short.slice(0, from), ...short.slice(from + size)]
      const found = await problemOf(shorter)
      if (found === null) from += size
      else [short, last] = [shorter, found]
    }
  }
  return [short, last]
}
