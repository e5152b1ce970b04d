import Type from 'typebox'
import { about, CLOSED, duration, name } from '../base/keys.ts'
import { MATCHES } from '../match/uri.ts'
import { DISCLOSURES, MAX_TRUST_LEVEL } from '../realm/authorize.ts'
import { realmLimits, roleLimits } from './limit-keys.ts'
import { pubsubKeys } from './pubsub-keys.ts'
import { realmRpc, roleRpc } from './rpc-keys.ts'

function may(what: string) {
  return Type.Optional(Type.Boolean(about(`May ${what}.`, 'live', false)))
}

const allow = Type.Object(
  {
    call: may('call these procedures'),
    register: may('register these procedures'),
    publish: may('publish to these topics'),
    subscribe: may('subscribe to these topics'),
  },
  {
    ...CLOSED,
    ...about('What the role may do with these URIs. What is not named is denied.', 'live'),
  },
)

function disclosure(who: string) {
  return Type.Optional(
    Type.Enum(
      [...DISCLOSURES],
      about(
        `How the ${who} is disclosed. \`requested\`: where \`disclose_me\` asks for it; \`always\`; ` +
          '`refused`: who asks gets an error; `ignored`: who asks is passed over.',
        'live',
        'requested',
      ),
    ),
  )
}

const permission = Type.Object(
  {
    uri: Type.String(
      about(
        'The URI, or the pattern, that this rule is for. The prefix "" stands for all URIs but ' +
          "the router's own, which begin with `wamp.` or `wampd.`: those need rules of their own.",
        'live',
      ),
    ),
    match: Type.Optional(
      Type.Enum(
        [...MATCHES],
        about(
          'How `uri` is compared: `exact`; `prefix`, the URIs that start with it; `wildcard`, ' +
            'where an empty component, as in `com..save`, stands for any one component.',
          'live',
          'exact',
        ),
      ),
    ),
    allow,
    disclose: Type.Optional(
      Type.Object(
        { caller: disclosure('caller'), publisher: disclosure('publisher') },
        { ...CLOSED, ...about('Who learns who called or published.', 'live', {}) },
      ),
    ),
    trust_level: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_TRUST_LEVEL,
        ...about(
          'The trust level that calls and publications get: callees and subscribers find it in the ' +
            'details. Without it they find none.',
          'live',
        ),
      }),
    ),
  },
  CLOSED,
)

const authorizer = Type.Object(
  {
    procedure: name(
      about(
        'The procedure that is called with session details, URI, action and options. It gives true, ' +
          'false, or `{allow, disclose, cache}`.',
        'live',
      ),
    ),
    realm: Type.Optional(
      name(about('The realm that has the procedure: by default this one.', 'live')),
    ),
    timeout: Type.Optional(
      duration({
        minimum: 10,
        ...about(
          'How long it may take. Later, as where it fails, the request is refused with ' +
            '`wamp.error.authorization_failed`.',
          'live',
          '5s',
        ),
      }),
    ),
    cache: Type.Optional(
      duration(
        about(
          'How long an answer counts for the session, action and URI that it was given for; 0: once.',
          'live',
          '1m',
        ),
      ),
    ),
    cache_size: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        ...about('How many answers are kept for a session.', 'live', 1000),
      }),
    ),
    queue: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        ...about(
          'How many messages of a session may wait for an answer. Beyond, the session ends with ' +
            '`wampd.close.queue_full`.',
          'live',
          1000,
        ),
      }),
    ),
  },
  {
    ...CLOSED,
    ...about(
      'Who decides on URIs that no rule meets. The router’s own URIs need rules. Answers that were ' +
        'kept are forgotten when a reload changes the realm.',
      'live',
    ),
  },
)

const role = Type.Object(
  {
    name: name(about('The name of the role: authenticators give it to sessions.', 'live')),
    permissions: Type.Array(permission, {
      ...about(
        'The rules. The most specific one that meets a URI decides: an exact one, else the ' +
          'longest prefix, else a wildcard. Where none does, all is denied.',
        'live',
      ),
      keyedBy: ['match', 'uri'],
    }),
    rpc: roleRpc,
    limits: roleLimits,
    authorizer: Type.Optional(authorizer),
  },
  CLOSED,
)

const realmOptions = Type.Object(
  {
    uri_check: Type.Optional(
      Type.Enum(
        ['loose', 'strict'],
        about(
          'Which URIs are accepted. `loose`: all but those with white space or `#`. `strict`: ' +
            'only a-z, 0-9, `_` and the dots.',
          'restart',
          'loose',
        ),
      ),
    ),
    strict_request_ids: Type.Optional(
      Type.Boolean(
        about(
          "Close sessions whose request ids are not 1, 2, 3, …, as WAMP asks. Off, a client's " +
            'ids need only tell its own pending requests apart.',
          'restart',
          false,
        ),
      ),
    ),
  },
  { ...CLOSED, ...about('How the realm treats its sessions.', 'restart', {}) },
)

/** The keys of a realm. */
export const realm = Type.Object(
  {
    name: name(about('The URI that clients join.', 'live')),
    options: Type.Optional(realmOptions),
    roles: Type.Array(role, {
      ...about('Who may do what. A session has one role; without roles nobody can join.', 'live'),
      keyedBy: ['name'],
    }),
    rpc: realmRpc,
    limits: realmLimits,
    ...pubsubKeys,
  },
  CLOSED,
)
