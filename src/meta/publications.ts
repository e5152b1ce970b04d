import type { Broker } from '../broker/broker.ts'
import { NO_SUCH_PUBLICATION, WampError } from '../protocol/errors.ts'
import { idOf, type MetaProcedure } from './meta.ts'

/** `wampd.publication.report`: beyond the specification, for publishers that asked by `_report`. */
export function publicationProcedures({ reports }: Broker): [string, MetaProcedure][] {
  return [
    [
      'wampd.publication.report',
      (caller, args) => {
        const tally = reports.get(caller, idOf(args[0], 'publication'))
        if (tally !== undefined) return [{ ...tally }]
        throw new WampError(NO_SUCH_PUBLICATION, ['no report was asked for, or long ago'])
      },
    ],
  ]
}
