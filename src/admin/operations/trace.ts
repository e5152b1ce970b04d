import Type from 'typebox'
import { MATCHES } from '../../match/uri.ts'
import { line } from '../../trace/line.ts'
import { stream } from '../operation.ts'

const text = (description: string) => Type.Optional(Type.String({ maxLength: 8192, description }))
const count = (description: string, maximum: number) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum, description }))

export const trace = [
  stream({
    id: 'trace',
    method: 'GET',
    path: '/trace',
    about:
      'The messages that pass between the router and its clients from now on, decoded. Secrets and ' +
      'what `trace.redact` of the configuration names are left out.',
    parameters: Type.Object({
      realm: text('Only this realm.'),
      session: count('Only this session.', Number.MAX_SAFE_INTEGER),
      authid: text('Only sessions with this authid.'),
      authrole: text('Only sessions with this role.'),
      uri: text('Only this topic or procedure, with all that follows from requests for it.'),
      match: Type.Enum([...MATCHES], { default: 'exact', description: 'How `uri` is compared.' }),
      types: text('Only messages of these types: `CALL,RESULT,ERROR`.'),
      direction: Type.Optional(
        Type.Enum(['received', 'sent'], { description: 'Only these, as the router sees them.' }),
      ),
      payload: Type.Enum(['none', 'short', 'full'], {
        default: 'short',
        description: '`short`: cut to `size`; `full`: to a megabyte.',
      }),
      size: Type.Integer({
        minimum: 16,
        maximum: 65_536,
        default: 2048,
        description: 'Characters of args, of kwargs and of details.',
      }),
      rate: Type.Integer({
        minimum: 1,
        maximum: 10_000,
        default: 1000,
        description: 'Lines a second at most.',
      }),
      limit: count('Lines in all, after which the trace ends.', 1_000_000_000),
      duration: count('Milliseconds after which the trace ends.', 2_000_000_000),
    }),
    answer: line,
    run: (house, asked, signal) => house.traces.open(asked, signal),
  }),
]
