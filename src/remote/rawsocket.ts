import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import {
  exponentOf,
  FrameReader,
  frameOf,
  lengthOf,
  MAGIC,
  MESSAGE,
  PING,
  PONG,
} from '../transport/rawsocket-frames.ts'
import type { Address } from './address.ts'
import { type Carrier, type Dial, type Ears, nodeTls, SILENCE, type TlsOptions } from './carrier.ts'
import { RemoteError, whyBroken } from './remote-error.ts'

type RawAddress = Extract<Address, { transport: 'rawsocket' }>

/** Why a router refuses (WAMP, "RawSocket Transport", router-to-client reply). */
const REFUSALS: Readonly<Record<number, string>> = {
  1: 'it does not speak this serializer there',
  2: 'it does not take this length of messages',
  3: 'it knows reserved bits of the handshake as used',
  4: 'it has as many connections as it takes',
}

/** Connects over RawSocket. */
export const dialRawSocket: Dial<RawAddress> = (address, options, ears) =>
  new Promise((resolve, reject) => {
    const { serializer, tls, maxMessageSize, signal } = options
    const exponent = exponentOf(maxMessageSize)
    const socket = open(address, tls)
    let broken = ''
    let bytes: Buffer = Buffer.alloc(0)
    const fail = (error: Error) => {
      signal.removeEventListener('abort', abort)
      broken = whyBroken(error)
      reject(error)
      socket.destroy()
    }
    const abort = () => fail(signal.reason)
    const shake = (part: Buffer) => {
      bytes = Buffer.concat([bytes, part])
      if (bytes[0] === MAGIC && bytes.length < 4) return
      const [first, second = 0] = bytes
      if (first !== MAGIC)
        return fail(new RemoteError('unreachable', 'it does not speak RawSocket'))
      if ((second & 15) !== serializer.number) {
        return fail(new RemoteError('unreachable', REFUSALS[second >> 4] ?? 'it refuses'))
      }
      signal.removeEventListener('abort', abort)
      socket.off('data', shake)
      socket.setKeepAlive(true, SILENCE)
      resolve(carrier(socket, lengthOf(second >> 4)))
      hear(socket, lengthOf(exponent), ears, bytes.subarray(4))
    }
    signal.addEventListener('abort', abort)
    socket.on(address.isSecure ? 'secureConnect' : 'connect', () => {
      socket.write(Buffer.from([MAGIC, (exponent << 4) | serializer.number, 0, 0]))
    })
    socket.on('data', shake)
    socket.on('error', fail)
    socket.on('close', () => {
      reject(new RemoteError('unreachable', 'it closed the connection before it was open'))
      ears.ended({ code: undefined, reason: broken })
    })
  })

function open(address: RawAddress, tls: TlsOptions): Socket {
  if ('path' in address) return connect(address.path)
  const { host, port, isSecure } = address
  if (!isSecure) return connect({ host, port, noDelay: true })
  const servername = isIP(host) === 0 ? { servername: host } : {}
  return connectTls({ host, port, ...servername, ...nodeTls(tls) }).setNoDelay()
}

/** Has frames heard from now on; `first` came along with the handshake. */
function hear(socket: Socket, limit: number, ears: Ears, first: Buffer): void {
  const reader = new FrameReader(limit)
  const take = (kind: number, payload: Buffer) => {
    // The reader uses its memory again.
    if (kind === MESSAGE) ears.frame(Buffer.from(payload))
    else if (kind === PING && !socket.write(frameOf(PONG, payload))) {
      // Whoever asks without reading the answers is not heard until it does.
      socket.pause()
      socket.once('drain', () => socket.resume())
    }
  }
  const read = (bytes: Buffer) => {
    const fault = reader.read(bytes, take)
    if (fault !== undefined) socket.destroy(new Error(`the router sent an unsound frame: ${fault}`))
  }
  socket.on('data', read)
  if (first.length > 0) read(first)
}

function carrier(socket: Socket, maxSend: number): Carrier {
  return {
    maxSend,
    get waiting() {
      return socket.writableLength
    },
    send: frame => socket.write(frameOf(MESSAGE, frame)),
    write: bytes => socket.write(bytes),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.end(),
    terminate: () => socket.destroy(),
  }
}
