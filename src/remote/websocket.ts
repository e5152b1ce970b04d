import type { IncomingMessage } from 'node:http'
import { connect as connectSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { Address } from './address.ts'
import { type Carrier, type Dial, nodeTls, SILENCE } from './carrier.ts'
import { whyBroken } from './remote-error.ts'

/** Connects over WebSocket. */
export const dialWebSocket: Dial<Extract<Address, { transport: 'websocket' }>> = (
  { url, path },
  { serializer, tls, maxMessageSize, signal },
  ears,
) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, `wamp.2.${serializer.name}`, {
      ...nodeTls(tls),
      perMessageDeflate: false,
      maxPayload: maxMessageSize,
      ...(path === undefined ? {} : { createConnection: () => connectSocket(path) }),
    })
    let stream: Duplex | null = null
    let broken = ''
    const abort = () => {
      reject(signal.reason)
      socket.terminate()
    }
    signal.addEventListener('abort', abort)
    socket.on('upgrade', (response: IncomingMessage) => {
      stream = response.socket.setKeepAlive(true, SILENCE)
    })
    socket.on('error', error => {
      signal.removeEventListener('abort', abort)
      broken = whyBroken(error)
      reject(error)
    })
    socket.on('open', () => {
      signal.removeEventListener('abort', abort)
      resolve(carrier(socket, stream as Duplex))
    })
    socket.on('message', (data: Buffer, isBinary) => ears.frame(data, isBinary))
    socket.on('close', (code, reason) => ears.ended({ code, reason: String(reason) || broken }))
  })

function carrier(socket: WebSocket, stream: Duplex): Carrier {
  return {
    maxSend: Number.POSITIVE_INFINITY,
    get waiting() {
      return stream.writableLength
    },
    send: (frame, binary) => socket.send(frame, { binary }),
    write: bytes => stream.write(bytes),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  }
}
