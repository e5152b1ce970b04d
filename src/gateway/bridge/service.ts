import Type, { type Static } from 'typebox'
import { about, CLOSED, duration, millisecondsOf, name, SECRET } from '../../base/keys.ts'
import { Entrance, type PortHouse } from '../../site/entrance.ts'
import type { Place, Service, ServiceKind } from '../../site/service.ts'
import { optionsAt, sessionKeys } from '../../site/session-keys.ts'
import { INNER_OPTIONS, INNER_PROTOCOL } from '../inner.ts'
import { Bridge, type BridgeTerms } from './bridge.ts'
import { Webhooks } from './webhooks.ts'

const count = (minimum: number, maximum: number, text: string, fallback: number) =>
  Type.Optional(Type.Integer({ minimum, maximum, ...about(text, 'live', fallback) }))

const webhook = Type.Object(
  {
    topic: Type.String(about('The topic, or the pattern, whose events are posted.', 'live')),
    match: Type.Optional(
      Type.Enum(['exact', 'prefix', 'wildcard'], {
        ...about('How topics are compared with it.', 'live', 'exact'),
      }),
    ),
    url: name(about('Where they are posted to: `https://…`.', 'live')),
    secret: Type.String({
      pattern: '^whsec_[A-Za-z0-9+/]{32,}={0,2}$',
      ...SECRET,
      ...about(
        'The key of the signatures: `whsec_` and at least 24 bytes in base64 (`openssl rand -base64 32`).',
        'live',
      ),
    }),
    role: name(about('The role that hears the events.', 'live')),
    timeout: Type.Optional(
      duration({ minimum: 100, ...about('How long an answer may take.', 'live', '10s') }),
    ),
    retries: count(0, 20, 'How often an event that is not taken is sent again.', 5),
    queue: count(1, 100_000, 'Events that may wait; later ones are given up.', 1000),
  },
  CLOSED,
)

const keys = Type.Object(
  {
    ...sessionKeys,
    realm: name(about('The realm that requests are for.', 'live')),
    keep: Type.Optional(
      duration({
        minimum: 0,
        ...about(
          'How long the session of a request is kept for the next one of the same client.',
          'live',
          '60s',
        ),
      }),
    ),
    max_sessions: count(1, 1_000_000, 'Sessions that are kept at a time.', 1000),
    max_requests: count(1, 1_000_000, 'Requests, streams included, open at a time.', 10_000),
    max_requests_per_address: count(
      0,
      1_000_000,
      'Those of one address, or one /64 network of IPv6; 0 is no limit. Addresses of this machine have none.',
      100,
    ),
    heartbeat: Type.Optional(
      duration({
        minimum: 100,
        ...about('Streams without events show this often that they are there.', 'live', '15s'),
      }),
    ),
    webhooks: Type.Optional(
      Type.Array(webhook, about('Topics whose events are posted to others.', 'live')),
    ),
  },
  { ...CLOSED, ...about('Publications, calls and subscriptions by HTTP requests.', 'new') },
)

type Keys = Static<typeof keys>
type WebhookKeys = Static<typeof webhook>

/** HTTP requests as WAMP, below the path. */
export const bridgeKind: ServiceKind<Keys> = {
  name: 'bridge',
  keys,
  takesSessions: true,
  faults: ({ webhooks = [] }) =>
    webhooks.flatMap(({ url }, i) =>
      /^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')
        ? []
        : [{ path: ['webhooks', i, 'url'], text: 'is no http or https URL' }],
    ),
  create(keys: Keys, { house, path, options }: Place): Service<Keys> {
    const entrance = new Entrance(house, { ...optionsAt(keys, options), ...INNER_OPTIONS })
    const bridge = new Bridge(house, entrance, path, termsOf(keys))
    let hooks = openWebhooks(house, keys)
    let written = JSON.stringify([keys.realm, keys.webhooks])
    return {
      isDeep: true,
      handle: (request, response, below, source) => bridge.handle(request, response, below, source),
      change(keys, options) {
        entrance.change({ ...optionsAt(keys, options), ...INNER_OPTIONS })
        bridge.terms = termsOf(keys)
        const now = JSON.stringify([keys.realm, keys.webhooks])
        if (now === written) return
        written = now
        for (const one of hooks) one.close()
        hooks = openWebhooks(house, keys)
      },
      close() {
        for (const one of hooks) one.close()
        bridge.close()
        entrance.close()
      },
    }
  },
}

/** A session for each role that webhooks have. */
function openWebhooks(house: PortHouse, { realm, webhooks = [] }: Keys): { close(): void }[] {
  const byRole = new Map<string, WebhookKeys[]>()
  for (const one of webhooks) byRole.set(one.role, [...(byRole.get(one.role) ?? []), one])
  return [...byRole].map(([role, hooks]) => {
    // Nobody else comes in here, so that what lets its sessions in need not prove anything.
    const identity = { authid: 'webhook', authrole: role, authprovider: 'static' }
    const methods = [{ name: 'anonymous', begin: () => ({ identity }) }]
    const own = { ...house, authenticators: () => new Map([['webhook', methods]]) }
    const entrance = new Entrance(own, { ...INNER_OPTIONS, auth: ['webhook'] })
    const open = (connection: Parameters<typeof entrance.open>[0]) =>
      entrance.open(connection, INNER_PROTOCOL)
    const { clock, log, counters } = house
    const isOpen = () => house.isOpen()
    const around = { clock, log, counters, isOpen, open }
    const running = new Webhooks(around, realm, hooks.map(webhookOf))
    return {
      close() {
        running.close()
        entrance.close()
      },
    }
  })
}

function webhookOf(keys: WebhookKeys) {
  const { topic, match = 'exact', url, secret, timeout = 10_000, retries = 5, queue = 1000 } = keys
  return { topic, match, url, secret, timeout: millisecondsOf(timeout), retries, queue }
}

/** Keys from a configuration have their defaults; those that an application gives may lack them. */
function termsOf(keys: Keys): BridgeTerms {
  const { realm, keep = 60_000, heartbeat = 15_000 } = keys
  return {
    realm,
    keep: millisecondsOf(keep),
    heartbeat: millisecondsOf(heartbeat),
    maxSessions: keys.max_sessions ?? 1000,
    maxRequests: keys.max_requests ?? 10_000,
    maxRequestsPerAddress: keys.max_requests_per_address ?? 100,
  }
}
