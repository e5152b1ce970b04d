import { transportDetails } from '../base/origin.ts'
import { isUri } from '../match/uri.ts'
import { INVALID_URI, KILLED, NO_SUCH_SESSION, WampError } from '../protocol/errors.ts'
import type { Dict } from '../protocol/payload.ts'
import {
  idOf,
  invalid,
  type MetaProcedure,
  type MetaRealm,
  type MetaSession,
  textOf,
} from './meta.ts'

/** Who may call this sees in wamp.session.get where sessions come from. There is no such procedure. */
const SEE_TRANSPORT = 'wampd.session.transport'

/** Tells of a session that is open now. */
export function onJoin(realm: MetaRealm, { details }: MetaSession): void {
  realm.announce('wamp.session.on_join', [details])
}

/** Tells of a session that is over, however it ended. */
export function onLeave(realm: MetaRealm, { id, authid, authrole }: MetaSession): void {
  realm.announce('wamp.session.on_leave', [id, authid, authrole])
}

/** `wamp.session.*` (WAMP, "Session Meta API"). */
export function sessionProcedures(realm: MetaRealm): [string, MetaProcedure][] {
  const { members } = realm

  const killAll = (caller: MetaSession, kwargs: Dict, meant: (one: MetaSession) => boolean) => {
    const { reason, message } = farewellOf(kwargs)
    const killed = [...members.values()].filter(one => one !== caller && meant(one))
    for (const one of killed) one.kill(reason, message)
    return killed.map(({ id }) => id)
  }

  return [
    ['wamp.session.count', (_, args) => [idsOf(members, args[0]).length]],
    ['wamp.session.list', (_, args) => [idsOf(members, args[0])]],
    [
      'wamp.session.get',
      (caller, args) => {
        const { details, origin } = sessionOf(members, args[0])
        if (origin === undefined || !realm.mayCall(caller, SEE_TRANSPORT)) return [details]
        return [{ ...details, transport: transportDetails(origin) }]
      },
    ],
    [
      'wamp.session.kill',
      (caller, args, kwargs) => {
        const { reason, message } = farewellOf(kwargs)
        const session = sessionOf(members, args[0])
        if (session === caller) throw noSuchSession(session.id)
        session.kill(reason, message)
        return []
      },
    ],
    [
      'wamp.session.kill_by_authid',
      (caller, args, kwargs) => {
        const authid = textOf(args[0], 'authid')
        return [killAll(caller, kwargs, one => one.authid === authid)]
      },
    ],
    [
      'wamp.session.kill_by_authrole',
      (caller, args, kwargs) => {
        const authrole = textOf(args[0], 'authrole')
        return [killAll(caller, kwargs, one => one.authrole === authrole).length]
      },
    ],
    ['wamp.session.kill_all', (caller, _, kwargs) => [killAll(caller, kwargs, () => true).length]],
  ]
}

/** The ids of the sessions of some roles; of all where none are named. */
function idsOf(members: MetaRealm['members'], roles: unknown): number[] {
  if (roles === undefined || roles === null) return [...members.keys()]
  if (!Array.isArray(roles) || !roles.every(role => typeof role === 'string')) {
    throw invalid('authroles is no list of strings')
  }
  const wanted = new Set(roles)
  return [...members.values()].filter(one => wanted.has(one.authrole)).map(({ id }) => id)
}

function sessionOf(members: MetaRealm['members'], value: unknown): MetaSession {
  const id = idOf(value, 'session')
  const session = members.get(id)
  if (session === undefined) throw noSuchSession(id)
  return session
}

function noSuchSession(id: number): WampError {
  return new WampError(NO_SUCH_SESSION, [`there is no session ${id} to speak of`])
}

function farewellOf(kwargs: Dict): { reason: string; message?: string } {
  const reason = kwargs.reason ?? KILLED
  if (typeof reason !== 'string' || !isUri(reason, 'loose')) {
    throw new WampError(INVALID_URI, ['reason is no URI'])
  }
  const message = kwargs.message ?? undefined
  return message === undefined ? { reason } : { reason, message: textOf(message, 'message') }
}
