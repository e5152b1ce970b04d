import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Mutator } from './mutate.ts'

/** Something that reads what strangers send. */
export interface Target {
  readonly name: string
  /** The folder of its seeds, in test/fixtures/corpus. */
  readonly corpus: string
  open(): Promise<Trial>
}

export interface Trial {
  /**
   * Reads an input. Gives a word for what became of it: inputs that lead to a new one are changed
   * further. Throws where that is none of what may become of it.
   */
  read(bytes: Uint8Array): string | Promise<string>
  close(): Promise<void>
}

/** An input that leads to what may not be. */
export class Found extends Error {
  readonly input: Uint8Array

  constructor(target: string, input: Uint8Array, cause: unknown) {
    const text = Buffer.from(input).toString('base64')
    super(`${target}: ${(cause as Error).stack}\nby this input, in Base64:\n${text}`, { cause })
    this.input = input
  }
}

/** Inputs that led to something new are kept up to this number. */
const MAX_POOL = 2000

/** Time that is spent on making a found input smaller. Milliseconds. */
const REDUCING = 5000

/** Where the seeds of a target are. */
export function corpusOf({ corpus }: Target): string {
  return resolve('test/fixtures/corpus', corpus)
}

/** Tries the seeds, and then what comes of changing them; `until` is told how many. Gives their number. */
export async function fuzz(
  target: Target,
  seed: number,
  until: (count: number) => boolean,
): Promise<number> {
  const folder = corpusOf(target)
  const pool: Uint8Array[] = readdirSync(folder).map(
    name => new Uint8Array(readFileSync(join(folder, name))),
  )
  const mutator = new Mutator(seed)
  const trial = await target.open()
  const seen = new Set<string>()
  let count = 0
  try {
    for (const input of pool) seen.add(await attempt(target, trial, input))
    for (; !until(count); count++) {
      const input = mutator.next(pool)
      const outcome = await attempt(target, trial, input)
      if (seen.has(outcome) || pool.length >= MAX_POOL) continue
      seen.add(outcome)
      pool.push(input)
    }
  } finally {
    await trial.close()
  }
  return count
}

async function attempt(target: Target, trial: Trial, input: Uint8Array): Promise<string> {
  try {
    return await trial.read(new Uint8Array(input))
  } catch {
    const [small, error] = await reduced(trial, input)
    throw new Found(target.name, small, error)
  }
}

/** Leaves out what the failure does not need. */
async function reduced(trial: Trial, input: Uint8Array): Promise<[Uint8Array, unknown]> {
  const end = Date.now() + REDUCING
  let [small, last]: [Uint8Array, unknown] = [input, await errorOf(trial, input)]
  for (let size = Math.ceil(input.length / 2); size > 0; size >>= 1) {
    for (let from = 0; from < small.length && Date.now() < end; ) {
      const smaller = Buffer.concat([small.subarray(0, from), small.subarray(from + size)])
      const error = await errorOf(trial, smaller)
      if (error === null) from += size
      else [small, last] = [smaller, error]
    }
  }
  return [small, last]
}

async function errorOf(trial: Trial, input: Uint8Array): Promise<unknown> {
  try {
    await trial.read(new Uint8Array(input))
    return null
  } catch (error) {
    return error
  }
}
