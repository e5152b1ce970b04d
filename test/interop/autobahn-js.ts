import { setTimeout as sleep } from 'node:timers/promises'
import type { Autobahn, Connection, InvocationDetails, Session } from 'autobahn'
import autobahn22 from 'autobahn'
import autobahn26 from 'autobahn-26'
import { WebSocket } from 'ws'
import XMLHttpRequest from 'xmlhttprequest-ssl'
import type { Client, ClientKind, SerializerName, User } from './client.ts'
import { bytesToText, SLOW, serializerNames, textToBytes, WampError } from './client.ts'

const OwnFactory = autobahn26.transports.get('websocket')

export const autobahnJsKinds: ClientKind[] = [
  ...serializerNames.map(serializer => kind('Autobahn|JS 22', autobahn22, serializer)),
  ...serializerNames.map(serializer => kind('Autobahn|JS 26', autobahn26, serializer)),
]

/** The same by long-poll, to the base URL; it speaks JSON only. */
export const longpollKinds: ClientKind[] = [
  longpollKind('Autobahn|JS 22', autobahn22),
  longpollKind('Autobahn|JS 26', autobahn26),
]

// Both report every closed connection on the console.
autobahn22.log.warn = () => {}
autobahn26.log.warn = () => {}

function kind(library: string, autobahn: Autobahn, serializer: SerializerName): ClientKind {
  const name = `${library} ${serializer}`
  const connectWith: ClientKind['connect'] = (url, onReturn, user) => {
    const transport = url.startsWith('rs:')
      ? rawsocket(url)
      : { type: 'websocket', url, serializers: [newSerializer(autobahn, serializer)] }
    return connect(name, autobahn, serializer, transport, onReturn, user)
  }
  return { name, connect: connectWith }
}

function longpollKind(library: string, autobahn: Autobahn): ClientKind {
  const name = `${library} long-poll`
  const connectWith: ClientKind['connect'] = (url, onReturn, user) =>
    connect(name, autobahn, 'json', { type: 'longpoll', url }, onReturn, user)
  return { name, connect: connectWith }
}

/** It has no URLs for RawSocket. */
function rawsocket(url: string): object {
  const { hostname, port, pathname } = new URL(url)
  const where = hostname === 'unix' ? { path: pathname } : { host: hostname, port: Number(port) }
  return { type: 'rawsocket', ...where }
}

async function connect(
  name: string,
  autobahn: Autobahn,
  serializer: SerializerName,
  transport: object,
  onReturn?: () => void,
  user?: User,
): Promise<Client> {
  const connection = new autobahn.Connection({
    realm: 'realm1',
    transports: [transport],
    use_deferred: deferred,
    max_retries: onReturn ? 25 : 0,
    initial_retry_delay: 0.2,
    retry_delay_growth: 1,
    on_user_error: () => {}, // what `fail` raises would be printed
    ...(user && { authmethods: ['ticket'], authid: user.authid, onchallenge: () => user.ticket }),
  })
  const left = new Promise<string>(resolve => {
    connection.onclose = (_, details) => {
      if (!details.will_retry) resolve(details.reason ?? '')
      return false
    }
  })
  let session = await firstSession(connection, left)
  connection.onopen = newSession => {
    session = newSession
    onReturn?.()
  }
  const subscriptions = new Map<string, object>()
  const registrations = new Map<string, object>()
  const encode = serializer === 'json' ? bytesToText : same
  const decode = serializer === 'json' ? textToBytes : same

  return {
    name,
    left,
    async subscribe(topic, onEvent, options) {
      const handler = (args: unknown[], kwargs: object, details: object) =>
        onEvent(decode(payload(args, kwargs)), { ...details })
      subscriptions.set(topic, await session.subscribe(topic, handler, options))
    },
    async unsubscribe(topic) {
      await session.unsubscribe(subscriptions.get(topic) as object)
    },
    async publish(topic, args, kwargs, options) {
      const acknowledge = { ...options, acknowledge: true }
      await session.publish(topic, encode(args), encode(kwargs), acknowledge)
    },
    async publishMany(topic, count) {
      for (let i = 0; i < count; i++) session.publish(topic, [i])
    },
    async register(procedure, behaviour, options) {
      const endpoint = async (args: unknown[], kwargs: object, details: InvocationDetails) => {
        if (behaviour === 'fail') throw new autobahn.Error('interop.fault', args, kwargs)
        if (behaviour === 'echo') return new autobahn.Result(args, kwargs)
        if (behaviour === 'caller') return details.caller ?? null
        if (behaviour === 'slow') return sleep(SLOW, 'late')
        for (const i of [1, 2]) details.progress?.([i])
        return 'done'
      }
      registrations.set(procedure, await session.register(procedure, endpoint, options))
    },
    async unregister(procedure) {
      await session.unregister(registrations.get(procedure) as object)
    },
    async call(procedure, args, kwargs, { timeout, disclose, onProgress } = {}) {
      const options = {
        ...(timeout && { timeout }),
        ...(disclose && { disclose_me: true }),
        ...(onProgress && { receive_progress: true }),
      }
      try {
        const call = session.call(procedure, encode(args), encode(kwargs), options)
        progressOf.set(call, value => onProgress?.({ args: [value], kwargs: {} }))
        const result = await call
        // A result of one value and nothing else comes bare.
        if (!(result instanceof autobahn.Result)) return decode({ args: [result], kwargs: {} })
        return decode(payload(result.args, result.kwargs))
      } catch (e) {
        if (!(e instanceof autobahn.Error)) throw e
        throw new WampError(e.error, decode(e.args), decode(e.kwargs))
      }
    },
    async callAndCancel(procedure, mode) {
      const call = session.call(procedure, [], {})
      call.cancel(mode && { mode })
      await call.catch(() => {})
    },
    async close() {
      connection.close()
      await left
    },
  }
}

/** Who hears of the progress of a call: a promise of the language has no way to tell it. */
const progressOf = new WeakMap<Promise<unknown>, (value: unknown) => void>()

function deferred(): object {
  let functions = {}
  const promise = new Promise((resolve, reject) => {
    functions = { resolve, reject }
  })
  return { promise, ...functions, notify: (value: unknown) => progressOf.get(promise)?.(value) }
}

function firstSession(connection: Connection, left: Promise<string>): Promise<Session> {
  return new Promise((resolve, reject) => {
    connection.onopen = resolve
    void left.then(reason => reject(new Error(`never joined: ${reason || 'connection lost'}`)))
    connection.open()
  })
}

function newSerializer(autobahn: Autobahn, name: SerializerName): object {
  if (name === 'json') return new autobahn.serializer.JSONSerializer()
  if (name === 'msgpack') return new autobahn.serializer.MsgpackSerializer()
  return new autobahn.serializer.CBORSerializer()
}

function payload(args: unknown[] = [], kwargs: object = {}) {
  return { args, kwargs: kwargs as Record<string, unknown> }
}

function same<T>(value: T): T {
  return value
}
// By long-poll it uses that of browsers, which Node does not have.
;(globalThis as { XMLHttpRequest?: unknown }).XMLHttpRequest = XMLHttpRequest

// Autobahn|JS 26 uses the platform's WebSocket, which Node has from version 22 on. Under an older
// one it gets the one of `ws`.
if (!('WebSocket' in globalThis)) {
  class QuietWebSocket extends WebSocket {
    // A failure is told by `close` too, and without a listener `error` would end the process.
    override onerror = () => {}
  }
  autobahn26.transports.register('websocket', factoryWith(QuietWebSocket))
}

/** Autobahn|JS 26 on a WebSocket class of a router in this process. */
export function localAutobahnKinds(WebSocket: unknown): ClientKind[] {
  autobahn26.transports.register('local', factoryWith(WebSocket))
  return serializerNames.map(serializer => {
    const name = `Autobahn|JS 26 ${serializer}`
    const connectWith: ClientKind['connect'] = (url, onReturn, user) => {
      const serializers = [newSerializer(autobahn26, serializer)]
      const transport = { type: 'local', url, serializers }
      return connect(name, autobahn26, serializer, transport, onReturn, user)
    }
    return { name, connect: connectWith }
  })
}

/** It takes this class for the platform's only while it connects: version 22 would take it, too. */
function factoryWith(WebSocket: unknown) {
  return class extends OwnFactory {
    override create() {
      const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')
      Object.defineProperty(globalThis, 'WebSocket', { value: WebSocket, configurable: true })
      try {
        return super.create()
      } finally {
        if (before === undefined) Reflect.deleteProperty(globalThis, 'WebSocket')
        else Object.defineProperty(globalThis, 'WebSocket', before)
      }
    }
  }
}
