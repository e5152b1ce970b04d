import type { LocalWebSocketClass } from '../../src/transport/local.ts'
import { type Farewell, remember, WampClient } from './raw-client.ts'

type Socket = InstanceType<LocalWebSocketClass>

/** A client of a router in the same process. */
export class LocalClient extends WampClient {
  readonly socket: Socket
  readonly closed: Promise<Farewell>

  constructor(socket: Socket) {
    super(socket.protocol)
    this.socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onmessage = ({ data }) => this.came(Buffer.from(data))
    remember({ destroy: () => socket.terminate() })
    this.closed = new Promise(resolve => {
      socket.onclose = event => {
        this.ended()
        resolve(event)
      }
    })
  }

  sendRaw(data: string | Uint8Array): void {
    this.socket.send(data)
  }

  async close(): Promise<void> {
    this.socket.close(1000)
    await this.closed
  }
}

/** Connects; rejects, with the reason, where that is refused. */
export function connectLocally(
  WebSocket: LocalWebSocketClass,
  protocol = 'wamp.2.json',
): Promise<LocalClient> {
  const socket = new WebSocket('ws://router/', protocol)
  return new Promise((resolve, reject) => {
    socket.onerror = ({ message }) => reject(new Error(message))
    socket.onopen = () => resolve(new LocalClient(socket))
  })
}
