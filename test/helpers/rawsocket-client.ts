import type { Socket } from 'node:net'
import { WampClient } from './raw-client.ts'
import { type Frame, RawSocket } from './raw-socket.ts'

/** The kinds of frames of RawSocket. */
export const MESSAGE = 0
export const RS_PING = 1
export const RS_PONG = 2

const NUMBERS: Record<string, number> = { 'wamp.2.json': 1, 'wamp.2.msgpack': 2, 'wamp.2.cbor': 3 }

/** The four octets that a client begins with; `length` is the exponent that it announces. */
export function rawHandshake(protocol = 'wamp.2.json', length = 15): Buffer {
  return Buffer.from([0x7f, (length << 4) | (NUMBERS[protocol] as number), 0, 0])
}

/** A frame of RawSocket, with whatever is to be wrong about its header. */
export function rawFrame(kind: number, payload: string | Uint8Array = '', length = -1): Buffer {
  const data = Buffer.from(payload as string)
  const header = Buffer.alloc(4)
  header.writeUInt32BE(length < 0 ? data.length : length)
  header[0] = (header[0] as number) * 8 + kind
  return Buffer.concat([header, data])
}

/** A connection that speaks RawSocket as far as it is told to; messages are in JSON. */
export class RawSocketPeer extends RawSocket {
  override frame(): Promise<Frame | null> {
    return this.until('frame', bytes => {
      if (bytes.length < 4) return null
      const first = bytes[0] as number
      const length = bytes.readUInt32BE(0) % 2 ** 24 || (first & 8) * 2 ** 21
      if (bytes.length < 4 + length) return null
      const payload = Buffer.from(bytes.subarray(4, 4 + length))
      return { value: { first, opcode: first & 7, payload }, used: 4 + length }
    })
  }

  override async message(): Promise<unknown[] | null> {
    for (;;) {
      const next = await this.frame()
      if (next === null) return null
      if (next.opcode === MESSAGE) return JSON.parse(next.payload.toString()) as unknown[]
    }
  }

  override frameOf(payload: string): Buffer {
    return rawFrame(MESSAGE, payload)
  }

  /** Shakes hands; gives the answer. */
  shake(octets: Uint8Array = rawHandshake()): Promise<Buffer | null> {
    this.write(octets)
    return this.bytes(4)
  }
}

/** A peer with its handshake done. */
export async function shaken(to: number | Socket, octets?: Uint8Array): Promise<RawSocketPeer> {
  const peer = new RawSocketPeer(to)
  const answer = await peer.shake(octets)
  if (((answer?.[1] ?? 0) & 15) === 0) throw new Error(`refused: ${answer?.toString('hex')}`)
  return peer
}

/** A WAMP client over RawSocket. */
export class RawSocketClient extends WampClient {
  readonly peer: RawSocketPeer

  constructor(peer: RawSocketPeer, protocol: string) {
    super(protocol)
    this.peer = peer
    void this.#read()
  }

  async #read(): Promise<void> {
    for (;;) {
      const frame = await this.peer.frame()
      if (frame === null) break
      if (frame.opcode === MESSAGE) this.came(frame.payload)
    }
    this.ended()
  }

  sendRaw(data: string | Uint8Array): void {
    this.peer.write(rawFrame(MESSAGE, data))
  }

  close(): Promise<void> {
    return this.peer.close()
  }
}

/** A client without a session. */
export async function rawClient(
  to: number | Socket,
  protocol = 'wamp.2.json',
  length = 15,
): Promise<RawSocketClient> {
  return new RawSocketClient(await shaken(to, rawHandshake(protocol, length)), protocol)
}

/** A client with a session. */
export async function rawMember(
  to: number | Socket,
  protocol?: string,
  length?: number,
): Promise<RawSocketClient> {
  const client = await rawClient(to, protocol, length)
  await client.join()
  return client
}
