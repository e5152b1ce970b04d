import { Errors, Wampy } from 'wampy'
import { CborSerializer } from 'wampy/CborSerializer.js'
import { JsonSerializer } from 'wampy/JsonSerializer.js'
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js'
import { WebSocket } from 'ws'
import type { Client, ClientKind, Kwargs, Payload, SerializerName } from './client.ts'
import { bytesToText, mapLeaves, serializerNames, textToBytes, WampError } from './client.ts'

const serializers = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer }

export const wampyKinds: ClientKind[] = serializerNames.map(serializer => {
  const name = `wampy ${serializer}`
  return { name, connect: (url, onReturn) => connect(name, serializer, url, onReturn) }
})

async function connect(
  name: string,
  serializer: SerializerName,
  url: string,
  onReturn?: () => void,
): Promise<Client> {
  let gone: (reason: string) => void
  const left = new Promise<string>(resolve => {
    gone = resolve
  })
  const wampy = new Wampy(url, {
    realm: 'realm1',
    ws: WebSocket as never, // its type asks for a browser's WebSocket
    serializer: new serializers[serializer](),
    autoReconnect: onReturn !== undefined,
    reconnectInterval: 200,
    maxRetries: 25,
    onReconnectSuccess: () => onReturn?.(),
    onClose: () => gone(''), // wampy does not tell the reason
  })
  await wampy.connect()
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
    async register(procedure, behaviour) {
      await wampy.register(procedure, ({ argsList, argsDict }) => {
        const payload = { argsList: argsList ?? [], argsDict: argsDict ?? {} }
        if (behaviour === 'fail') throw { error: 'interop.fault', ...payload }
        return payload
      })
    },
    async unregister(procedure) {
      await wampy.unregister(procedure)
    },
    async call(procedure, args, kwargs) {
      try {
        const payload = { argsList: encode(args), argsDict: encode(kwargs) }
        return received(await wampy.call(procedure, payload))
      } catch (e) {
        if (!(e instanceof Errors.CallError)) throw e
        const { args, kwargs } = received(e)
        throw new WampError(String(e.errorUri), args, kwargs)
      }
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

/** wampy's MessagePack reads every integer of eight bytes as a bigint. */
function bigintsToNumbers(payload: Payload): Payload {
  return mapLeaves(payload, leaf => (typeof leaf === 'bigint' ? Number(leaf) : leaf)) as Payload
}
