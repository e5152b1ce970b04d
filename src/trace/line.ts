import Type, { type Static } from 'typebox'

/** What a trace shows of a message. */
const message = Type.Object({
  kind: Type.Literal('message'),
  time: Type.Number({ description: 'Milliseconds since 1970, to the microsecond.' }),
  direction: Type.Enum(['received', 'sent'], { description: 'As the router sees it.' }),
  type: Type.String({ description: '`CALL`, `EVENT`, …' }),
  bytes: Type.Integer({ description: 'Its size; 0 of in-process sessions.' }),
  remote: Type.String({ description: 'Where the client is; empty of in-process sessions.' }),
  realm: Type.Optional(Type.String()),
  session: Type.Optional(Type.Integer()),
  authid: Type.Optional(Type.String()),
  authrole: Type.Optional(Type.String()),
  request: Type.Optional(Type.Integer()),
  publication: Type.Optional(Type.Integer()),
  subscription: Type.Optional(Type.Integer()),
  registration: Type.Optional(Type.Integer()),
  uri: Type.Optional(
    Type.String({ description: 'The topic or procedure; of answers, that of their request.' }),
  ),
  reason: Type.Optional(Type.String({ description: 'The URI in ERROR, GOODBYE and ABORT.' })),
  exchange: Type.Optional(
    Type.String({ description: 'The same for a request and all that follows from it.' }),
  ),
  took: Type.Optional(
    Type.Number({
      description:
        'Milliseconds from the request that it answers: from CALL to RESULT or ERROR, from ' +
        'INVOCATION to YIELD, from PUBLISH to EVENT.',
    }),
  ),
  other: Type.Optional(
    Type.Integer({
      description:
        'The session at the other end: who called, of INVOCATION and YIELD; who answered, of ' +
        'RESULT; who published, of EVENT.',
    }),
  ),
  details: Type.Optional(Type.String({ description: 'Options or details as JSON, if there are.' })),
  args: Type.Optional(Type.String({ description: 'JSON.' })),
  kwargs: Type.Optional(Type.String({ description: 'JSON.' })),
  cut: Type.Optional(
    Type.Boolean({ description: 'Of details, args or kwargs not all is here: they are no JSON.' }),
  ),
})

/** One line of a trace. */
export const line = Type.Union([
  message,
  Type.Object(
    { kind: Type.Literal('started'), time: Type.Number() },
    { description: 'The first line.' },
  ),
  Type.Object(
    {
      kind: Type.Literal('dropped'),
      time: Type.Number(),
      lines: Type.Integer(),
      why: Type.Enum(['rate', 'reader'], {
        description:
          '`rate`: more came than were asked for a second; `reader`: it reads too slowly.',
      }),
    },
    { description: 'So many lines are missing before the next one.' },
  ),
  Type.Object(
    { kind: Type.Literal('alive'), time: Type.Number() },
    { description: 'Nothing has happened for a while.' },
  ),
  Type.Object(
    {
      kind: Type.Literal('ended'),
      time: Type.Number(),
      why: Type.Enum(['limit', 'duration', 'disabled', 'closed', 'failed']),
    },
    { description: 'The last line, where the router ends the trace.' },
  ),
])

export type Line = Static<typeof line>
export type MessageLine = Static<typeof message>
