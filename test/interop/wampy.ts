import { setTimeout as sleep } from 'node:timers/promises'
import { Errors, Wampy } from 'wampy'
import { CborSerializer } from 'wampy/CborSerializer.js'
import { JsonSerializer } from 'wampy/JsonSerializer.js'
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js'
import { WebSocket } from 'ws'
import type { Client, ClientKind, Kwargs, Payload, SerializerName, User } from './client.ts'
import { bytesToText, mapLeaves, SLOW, serializerNames, textToBytes, WampError } from './client.ts'

const serializers = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer }

export const wampyKinds: ClientKind[] = wampyKindsOn(WebSocket)

/** On a class like WebSocket. */
export function wampyKindsOn(ws: unknown): ClientKind[] {
  return serializerNames.map(serializer => {
    const name = `wampy ${serializer}`
    const connectWith: ClientKind['connect'] = (url, onReturn, user) =>
      connect(name, serializer, ws, url, onReturn, user)
    return { name, connect: connectWith }
  })
}

async function connect(
  name: string,
  serializer: SerializerName,
  ws: unknown,
  url: string,
  onReturn?: () => void,
  user?: User,
): Promise<Client> {
  let gone: (reason: string) => void
  const left = new Promise<string>(resolve => {
    gone = resolve
  })
  const wampy = new Wampy(url, {
    realm: 'realm1',
    ws: ws as never, // its type asks for a browser's WebSocket
    serializer: new serializers[serializer](),
    autoReconnect: onReturn !== undefined,
    reconnectInterval: 200,
    maxRetries: 25,
    onReconnectSuccess: () => onReturn?.(),
    onClose: () => gone(''), // wampy does not tell the reason
    ...(user && { authmethods: ['ticket'], authid: user.authid, onChallenge: () => user.ticket }),
  })
  await wampy.connect().catch(e => {
    throw e instanceof Errors.AbortError ? new WampError(String(e.errorUri)) : e
  })
  const subscriptionKeys = new Map<string, string>()
  const encode = serializer === 'json' ? bytesToText : <T>(value: T) => value

  return {
    name,
    left,
    async subscribe(topic, onEvent, options) {
      const handler = (event: Parameters<typeof received>[0] & { details?: object }) =>
        onEvent(received(event), { ...event.details })
      const { subscriptionKey } = await wampy.subscribe(topic, handler, options)
      subscriptionKeys.set(topic, subscriptionKey)
    },
    async unsubscribe(topic) {
      await wampy.unsubscribe(subscriptionKeys.get(topic) as string)
    },
    async publish(topic, args, kwargs, options) {
      await wampy.publish(topic, { argsList: encode(args), argsDict: encode(kwargs) }, options)
    },
    async publishMany(topic, count) {
      const published = Array.from({ length: count }, (_, i) => wampy.publish(topic, [i]))
      await Promise.all(published) // wampy asks for an acknowledgement each time
    },
    async register(procedure, behaviour, options) {
      const handler = async ({ argsList, argsDict, details, result_handler }: Invoked) => {
        const payload = { argsList: argsList ?? [], argsDict: argsDict ?? {} }
        if (behaviour === 'fail') throw { error: 'interop.fault', ...payload }
        if (behaviour === 'echo') return payload
        if (behaviour === 'caller') return { argsList: [details.caller ?? null] }
        if (behaviour === 'slow') return sleep(SLOW, { argsList: ['late'] })
        for (const i of [1, 2]) result_handler({ argsList: [i], options: { progress: true } })
        return { argsList: ['done'] }
      }
      await wampy.register(procedure, handler as never, options as never)
    },
    async unregister(procedure) {
      await wampy.unregister(procedure)
    },
    async call(procedure, args, kwargs, { timeout, disclose, onProgress } = {}) {
      const options = {
        ...(timeout && { timeout }),
        ...(disclose && { disclose_me: true }),
        ...(onProgress && { progress_callback: (result: object) => onProgress(received(result)) }),
      }
      try {
        const payload = { argsList: encode(args), argsDict: encode(kwargs) }
        return received(await wampy.call(procedure, payload, options as never))
      } catch (e) {
        if (!(e instanceof Errors.CallError)) throw e
        const { args, kwargs } = received(e)
        throw new WampError(String(e.errorUri), args, kwargs)
      }
    },
    async callAndCancel(procedure, mode) {
      const call = wampy.call(procedure, null as never)
      const { reqId } = wampy.getOpStatus() as { reqId: number }
      wampy.cancel(reqId, mode && ({ mode } as never))
      await call.catch(() => {})
    },
    async close() {
      await wampy.disconnect()
    },
  }

  function received(from: { argsList?: unknown[]; argsDict?: Kwargs }): Payload {
    const payload = { args: from.argsList ?? [], kwargs: from.argsDict ?? {} }
    return serializer === 'json' ? textToBytes(payload) : bigintsToNumbers(payload)
  }
}

/** What wampy gives to who answers a call. */
interface Invoked {
  argsList?: unknown[]
  argsDict?: Kwargs
  details: { caller?: number }
  result_handler(result: object): void
}

/** wampy's MessagePack reads every integer of eight bytes as a bigint. */
function bigintsToNumbers(payload: Payload): Payload {
  return mapLeaves(payload, leaf => (typeof leaf === 'bigint' ? Number(leaf) : leaf)) as Payload
}
