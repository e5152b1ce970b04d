import type { Dealer, RegistrationWatcher } from '../dealer/dealer.ts'
import type { Registration } from '../dealer/registrations.ts'
import { NO_SUCH_REGISTRATION, WampError } from '../protocol/errors.ts'
import type { Dict } from '../protocol/payload.ts'
import {
  idOf,
  idsByMatch,
  type MetaProcedure,
  type MetaRealm,
  matchOf,
  noSuchSession,
  reasonOf,
  textOf,
} from './meta.ts'

/** Tells of registrations, from a realm that is told of them. */
export function registrationEvents(realm: MetaRealm): RegistrationWatcher {
  const announce = (event: string, session: number, what: unknown) =>
    realm.announce(`wamp.registration.${event}`, [session, what])
  return {
    created: ({ id }, registration) => announce('on_create', id, detailsOf(registration)),
    registered: ({ id }, registration) => announce('on_register', id, registration.id),
    unregistered: ({ id }, registration) => announce('on_unregister', id, registration.id),
    deleted: ({ id }, registration) => announce('on_delete', id, registration.id),
  }
}

/** `wamp.registration.*` (WAMP, "Registration Meta API"). */
export function registrationProcedures(
  { members }: MetaRealm,
  dealer: Dealer,
): [string, MetaProcedure][] {
  const { index, byId } = dealer.registrations

  const registrationOf = (value: unknown): Registration => {
    const registration = byId.get(idOf(value, 'registration'))
    if (registration === undefined) throw noSuchRegistration()
    return registration
  }

  return [
    ['wamp.registration.list', () => [idsByMatch(byId.values())]],
    [
      'wamp.registration.lookup',
      (_, args) => [index.get(matchOf(args[1]), textOf(args[0], 'procedure'))?.id ?? null],
    ],
    [
      'wamp.registration.match',
      (_, args) => [index.best(textOf(args[0], 'procedure'))?.id ?? null],
    ],
    ['wamp.registration.get', (_, args) => [detailsOf(registrationOf(args[0]))]],
    ['wamp.registration.list_callees', (_, args) => [calleesOf(registrationOf(args[0]))]],
    ['wamp.registration.count_callees', (_, args) => [registrationOf(args[0]).endpoints.length]],
    [
      // Not of the specification: as Crossbar.io has it.
      'wamp.registration.remove_callee',
      (_, args, kwargs) => {
        const { endpoints } = registrationOf(args[0])
        const session = idOf(args[1], 'session')
        const reason = reasonOf(kwargs)
        if (!members.has(session)) throw noSuchSession(session)
        const endpoint = endpoints.find(({ callee }) => callee.peer.id === session)
        if (endpoint === undefined) throw noSuchRegistration()
        dealer.revoke(endpoint, reason)
        return []
      },
    ],
  ]
}

/** RegistrationDetails of the specification. */
function detailsOf({ id, created, uri, match, invoke }: Registration): Dict {
  return { id, created: new Date(created).toISOString(), uri, match, invoke }
}

function calleesOf({ endpoints }: Registration): number[] {
  return endpoints.map(({ callee }) => callee.peer.id)
}

function noSuchRegistration(): WampError {
  return new WampError(NO_SUCH_REGISTRATION, [
    'there is no such registration, or not of that session',
  ])
}
