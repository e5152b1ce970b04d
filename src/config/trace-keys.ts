import Type from 'typebox'
import { about, CLOSED, name } from '../base/keys.ts'
import { MATCHES } from '../match/uri.ts'

const redaction = Type.Object(
  {
    uri: Type.String(about('The topic or procedure, or a pattern of them.', 'live')),
    match: Type.Optional(Type.Enum([...MATCHES], about('How `uri` is compared.', 'live', 'exact'))),
    realm: Type.Optional(name(about('Only in this realm. Without it, in all.', 'live'))),
    args: Type.Optional(Type.Boolean(about('All args are left out.', 'live'))),
    kwargs: Type.Optional(
      Type.Array(Type.String(), about('These keys of kwargs are left out.', 'live')),
    ),
  },
  CLOSED,
)

/** `trace`: what those may see who look at messages. */
export const trace = Type.Object(
  {
    enabled: Type.Optional(
      Type.Boolean(about('Whoever administers the router may trace messages.', 'live', true)),
    ),
    payloads: Type.Optional(
      Type.Boolean(
        about('Traces show payloads; otherwise only what is around them.', 'live', true),
      ),
    ),
    redact: Type.Optional(
      Type.Array(
        redaction,
        about(
          'What of payloads no trace shows. Where neither `args` nor `kwargs` is given, that is all of ' +
            'them. Answers and events count as their request does.',
          'live',
          [] as never[],
        ),
      ),
    ),
  },
  { ...CLOSED, ...about('`wampd trace`, and the same in the admin page.', 'live', {}) },
)
