import { createConnection } from 'node:net'
import { Decoder } from 'cbor-x'
import { Unpackr } from 'msgpackr'
import { ConfigError, checkConfig, parseConfig } from '../../src/config/load.ts'
import { PatternIndex } from '../../src/match/patterns.ts'
import { isPattern, isUri, MATCHES } from '../../src/match/uri.ts'
import { ProtocolViolation } from '../../src/protocol/errors.ts'
import { type Message, shapeOf } from '../../src/protocol/messages.ts'
import type { Payload } from '../../src/protocol/payload.ts'
import { createRouter } from '../../src/router.ts'
import { SERIALIZERS } from '../../src/serializer/registry.ts'
import type { Serializer } from '../../src/serializer/serializer.ts'
import { errorLog } from '../helpers/error-log.ts'
import { handshake, upgraded } from '../helpers/raw-socket.ts'
import { TRANSPORTS } from '../helpers/transports.ts'
import { canonical } from '../serializer/wire.ts'
import type { Target, Trial } from './fuzz.ts'

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false, int64AsType: 'bigint' })
const decoder = new Decoder({ useRecords: false, mapsAsObjects: false })

/** The parsers of others, which are to read whatever the router sends. */
const STRICT: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  json: bytes => JSON.parse(Buffer.from(bytes).toString()),
  msgpack: bytes => unpackr.unpack(bytes),
  cbor: bytes => decoder.decode(bytes),
}

/** Bytes that may be what those parsers do not know: extensions; tags, simple values, long strings. */
const BEYOND: Readonly<Record<string, (byte: number) => boolean>> = {
  json: () => false,
  msgpack: byte => (byte >= 0xc7 && byte <= 0xc9) || (byte >= 0xd4 && byte <= 0xd8),
  cbor: byte =>
    byte >> 5 === 6 || (byte >= 0xe0 && byte < 0xf4) || [0xf8, 0x5f, 0x7f].includes(byte),
}

function readsMessages(serializer: Serializer): Trial['read'] {
  return bytes => {
    let message: Message
    try {
      message = serializer.decode(bytes)
    } catch (error) {
      if (error instanceof ProtocolViolation) return wordOf(error.message)
      throw error
    }
    const name = shapeOf(message.type)?.name
    if (!('payload' in message)) {
      for (const to of SERIALIZERS) STRICT[to.name]?.(to.encode(message))
      return `${name}`
    }
    const { payload } = message
    const values = canonical(payload.open())
    for (const to of SERIALIZERS) {
      const event = { type: 36, subscription: 1, publication: 2, details: {}, payload } as const
      const frame = to.encode(event)
      // What is spliced may be beyond them; what the router writes is not.
      if (to !== serializer || !frame.some(byte => BEYOND[to.name]?.(byte))) {
        const elements = STRICT[to.name]?.(frame) as unknown[]
        if (elements.length !== 4 + payload.count) throw new Error(`${to.name}: ${elements}`)
      }
      const there = (to.decode(frame) as { payload: Payload }).payload
      const isSame =
        JSON.stringify(canonical(there.open()), digits) === JSON.stringify(values, digits)
      if (to === serializer && !isSame) throw new Error('the payload is another one')
    }
    return `${name} ${payload.count}`
  }
}

const digits = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)

/** A text of an error without what differs from input to input. */
function wordOf(text: string): string {
  return text.replace(/\d+|"[^"]*"/g, '0').slice(0, 80)
}

const ENV = { SECRET: 'nobody-sees-this', EMPTY: '', NUMBER: '7' }

/** A configuration is taken, or refused with problems that have a place in the file. */
const readsConfig: Trial['read'] = bytes => {
  const text = Buffer.from(bytes).toString()
  try {
    const { config } = parseConfig(text, '/nowhere/fuzz.yaml', ENV)
    // What came out is sound itself, but for what only a file can have.
    if (config.include.length === 0) checkConfig(config, { takesIdle: true })
    return 'sound'
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const [first] = error.problems
    if (first === undefined || first.text === '') throw new Error('a refusal without a reason')
    if (error.message.includes(ENV.SECRET)) throw new Error('a secret is shown')
    return wordOf(first.text)
  }
}

/** A text is a URI or none, the same in every way of asking. */
const readsUris: Trial['read'] = bytes => {
  const uri = Buffer.from(bytes).toString()
  const [strict, loose] = [isUri(uri, 'strict'), isUri(uri, 'loose')]
  if (strict && !loose) throw new Error('strict, but not loose')
  const index = new PatternIndex<string>()
  const kinds = MATCHES.filter(match => isPattern(uri, match, 'loose'))
  if (loose !== kinds.includes('exact')) throw new Error('a URI, but no exact pattern')
  for (const match of kinds) index.set(match, uri, match)
  for (const match of kinds) if (index.get(match, uri) !== match) throw new Error(`lost: ${match}`)
  if (loose && index.best(uri) !== 'exact') throw new Error('does not meet itself')
  for (const match of kinds) index.delete(match, uri)
  if (loose && index.best(uri) !== undefined) throw new Error('still there')
  return `${strict} ${loose} ${kinds}`
}

/** Inputs behind which a port is asked whether it is sound. */
const ASKED = 20

/** What a port answers, byte by byte: a status, or nothing. Sound clients are served meanwhile. */
function port(transport: 'uws' | 'ws', before: string): Target['open'] {
  return async () => {
    const log = errorLog()
    const router = createRouter({ development: true, logger: log })
    const { port } = await router.listen({ port: 0, transport })
    let count = 0
    return {
      async read(bytes) {
        const answer = await exchange(port, before, bytes)
        if (++count % ASKED === 0) {
          const sound = await upgraded(port)
          const welcome = await sound.ask([1, 'realm1', { roles: { caller: {} } }])
          if (welcome?.[0] !== 2) throw new Error(`no WELCOME: ${welcome}`)
          await sound.close()
        }
        if (log.errors.length > 0) throw new Error(log.errors.splice(0).join('\n'))
        return answer
      },
      close: () => router.close({ grace: 100 }),
    }
  }
}

/** How long an answer is waited for, where the input may be half of something. Milliseconds. */
const PATIENCE = 30

/** Sends bytes, behind others, and gives the beginning of what comes back last. */
function exchange(port: number, before: string, bytes: Uint8Array): Promise<string> {
  return new Promise(resolve => {
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true })
    let received = Buffer.alloc(0)
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      const text = received.toString('latin1')
      const last = text.slice(text.indexOf('\r\n\r\n') + 4)
      resolve(before === '' ? text.slice(0, 12) : wordOf(last.slice(0, 120)))
    }
    const timer = setTimeout(done, PATIENCE)
    socket.on('error', done)
    socket.on('close', done)
    socket.on('data', data => {
      received = Buffer.concat([received, data])
    })
    socket.write(before)
    socket.end(bytes)
  })
}

const still = async () => {}

/** All that reads what strangers send. A new parser is a line here, and a folder of seeds. */
export const TARGETS: readonly Target[] = [
  ...SERIALIZERS.map(serializer => ({
    name: serializer.name,
    corpus: serializer.name,
    open: async () => ({ read: readsMessages(serializer), close: still }),
  })),
  { name: 'config', corpus: 'config', open: async () => ({ read: readsConfig, close: still }) },
  { name: 'uri', corpus: 'uri', open: async () => ({ read: readsUris, close: still }) },
  ...TRANSPORTS.flatMap(transport => [
    { name: `upgrade-${transport}`, corpus: 'upgrade', open: port(transport, '') },
    { name: `frames-${transport}`, corpus: 'frames', open: port(transport, handshake()) },
  ]),
]
