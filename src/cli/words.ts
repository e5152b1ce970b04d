import { Failure } from './exit.ts'
import { readInput } from './input.ts'
import type { RouterFlags } from './router-flags.ts'
import { argumentOf, jsonIn } from './values.ts'

/** The word that stands for what is on standard input. */
export const INPUT = '-'

/** The arguments that words of the command line stand for; reads standard input for `-`. Rejects with a Failure. */
export async function argsIn(words: readonly string[], flags: RouterFlags): Promise<unknown[]> {
  if (!words.includes(INPUT)) return words.map(argumentOf)
  checkInput(words, flags)
  const given = jsonIn(await readInput(), 'standard input')
  return words.map(word => (word === INPUT ? given : argumentOf(word)))
}

/** Standard input can be read but once. Throws a Failure. */
export function checkInput(
  words: readonly string[],
  { ticketFile, secretFile }: RouterFlags,
): void {
  if (words.indexOf(INPUT) !== words.lastIndexOf(INPUT)) {
    throw new Failure('- can stand for one argument only', 2)
  }
  if (ticketFile === INPUT || secretFile === INPUT) {
    throw new Failure('standard input cannot be both an argument and a secret', 2)
  }
}
