import type { Broker } from '../broker/broker.ts'
import { type MetaProcedure, matchOf, textOf } from './meta.ts'

/** `wampd.retained.*`: beyond the specification, for who runs the realm. */
export function retainedProcedures({ retained }: Broker): [string, MetaProcedure][] {
  return [
    [
      'wampd.retained.purge',
      (_, args) => [retained.purge(matchOf(args[1]), textOf(args[0], 'topic'))],
    ],
  ]
}
