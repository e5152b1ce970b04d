import { Client as StompJs, Versions } from '@stomp/stompjs'
import { WebSocket } from 'ws'
import { pythonFlavours, runPython } from './python.ts'

export interface StompMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

type Headers = Record<string, string>

/** The one face that the tests see of every STOMP library. */
export interface StompFace {
  /** Sends a frame; resolves with its RECEIPT, rejects with the message of ERROR. */
  send(command: string, headers: Headers, body?: string | Uint8Array): Promise<void>
  subscribe(id: string, headers: Headers, hear: (message: StompMessage) => void): Promise<void>
  /** Answers a message by ACK or NACK. */
  answer(command: 'ACK' | 'NACK', message: StompMessage): Promise<void>
  /** DISCONNECT with a receipt. */
  close(): Promise<void>
  /** How it ended: the message of ERROR, or nothing. */
  readonly lost: Promise<string>
}

export interface StompKind {
  readonly name: string
  /** Rejects with the message of ERROR. */
  connect(port: number, headers?: Headers, beats?: [number, number]): Promise<StompFace>
}

export const PATH = '/stomp'

const stompJs = (version: string): StompKind => ({
  name: `stompjs ${version}`,
  connect: (port, headers = {}, beats = [0, 0]) => byStompJs(port, version, headers, beats),
})

const stompPy = (how: 'ws' | 'tcp', version: string): StompKind => ({
  name: `stomp.py ${version} over ${how}`,
  connect: (port, headers = {}, beats = [0, 0]) => byStompPy(how, port, version, headers, beats),
})

/** Over WebSocket, at `PATH`. */
export const webKinds: StompKind[] = [
  ...['1.2', '1.1', '1.0'].map(stompJs),
  ...(pythonFlavours.length > 0 ? [stompPy('ws', '1.2')] : []),
]

/** Over TCP. */
export const tcpKinds: StompKind[] =
  pythonFlavours.length > 0 ? ['1.2', '1.1', '1.0'].map(version => stompPy('tcp', version)) : []

/** Frames that wait for RECEIPT. */
class Receipts {
  readonly #pending = new Map<string, { resolve(): void; reject(error: Error): void }>()
  #last = 0
  #over: string | undefined

  ask(send: (receipt: string) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) {
        reject(new Error(this.#over))
        return
      }
      const receipt = `r${++this.#last}`
      this.#pending.set(receipt, { resolve, reject })
      send(receipt)
    })
  }

  came(receipt: string): void {
    this.#pending.get(receipt)?.resolve()
    this.#pending.delete(receipt)
  }

  end(why: string): void {
    this.#over = why
    for (const { reject } of this.#pending.values()) reject(new Error(why))
    this.#pending.clear()
  }
}

function byStompJs(
  port: number,
  version: string,
  headers: Headers,
  [sends, wants]: [number, number],
): Promise<StompFace> {
  const receipts = new Receipts()
  const client = new StompJs({
    webSocketFactory: () =>
      new WebSocket(`ws://127.0.0.1:${port}${PATH}`, ['v12.stomp', 'v11.stomp', 'v10.stomp']),
    stompVersions: new Versions([version]),
    connectHeaders: { host: 'realm1', ...headers },
    heartbeatOutgoing: sends,
    heartbeatIncoming: wants,
    reconnectDelay: 0,
  })
  return new Promise((resolve, reject) => {
    let error = ''
    let end: (why: string) => void = () => {}
    const lost = new Promise<string>(gone => {
      end = gone
    })
    client.onStompError = frame => {
      error = frame.headers.message ?? ''
    }
    client.onWebSocketClose = () => {
      receipts.end(error)
      reject(new Error(error))
      end(error)
    }
    client.onUnhandledReceipt = frame => receipts.came(frame.headers['receipt-id'] ?? '')
    const raw = (command: string, headers: Headers) =>
      receipts.ask(receipt => {
        // The library has no face for a receipt of each of these.
        const handler = (client as unknown as { _stompHandler: Transmitter })._stompHandler
        handler._transmit({ command, headers: { ...headers, receipt } })
      })
    client.onConnect = () =>
      resolve({
        lost,
        send: (command, headers, body = '') =>
          command === 'SEND'
            ? receipts.ask(receipt => {
                const { destination = '', ...rest } = headers
                const content = typeof body === 'string' ? { body } : { binaryBody: body }
                client.publish({ destination, headers: { ...rest, receipt }, ...content })
              })
            : raw(command, headers),
        subscribe: (id, headers, hear) =>
          receipts.ask(receipt => {
            const { destination = '', ...rest } = headers
            client.subscribe(
              destination,
              ({ headers, binaryBody }) => hear({ headers, body: Buffer.from(binaryBody) }),
              { ...rest, id, receipt },
            )
          }),
        answer: (command, { headers }) =>
          raw(
            command,
            version === '1.2'
              ? { id: headers.ack ?? '' }
              : {
                  'message-id': headers['message-id'] ?? '',
                  subscription: headers.subscription ?? '',
                },
          ),
        async close() {
          await client.deactivate()
        },
      })
    client.activate()
  })
}

interface Transmitter {
  _transmit(frame: { command: string; headers: Headers }): void
}

/** A line of stomp_peer.py. */
interface Said {
  readonly connected?: Headers
  readonly message?: Headers
  readonly bytes?: string
  readonly receipt?: string
  readonly error?: Headers
  readonly gone?: true
}

async function byStompPy(
  how: 'ws' | 'tcp',
  port: number,
  version: string,
  headers: Headers,
  beats: [number, number],
): Promise<StompFace> {
  const connect = JSON.stringify({ host: 'realm1', ...headers })
  const script = await runPython(
    'stomp_peer.py',
    ...[how, String(port), PATH, version, connect, JSON.stringify(beats)],
  )
  const receipts = new Receipts()
  const consumers = new Map<string, (message: StompMessage) => void>()
  const ask = (command: object) =>
    receipts.ask(receipt => script.say(JSON.stringify({ ...command, receipt })))
  let error = ''
  let end: (why: string) => void = () => {}
  const lost = new Promise<string>(gone => {
    end = gone
  })
  const over = async () => {
    receipts.end(error)
    await script.stop()
    end(error)
  }
  return new Promise((resolve, reject) => {
    script.onLine(line => {
      const said = JSON.parse(line) as Said
      if (said.message !== undefined) {
        const { headers } = { headers: said.message }
        const name = headers.subscription ?? headers.destination ?? ''
        consumers.get(name)?.({ headers, body: Buffer.from(said.bytes ?? '', 'base64') })
      } else if (said.receipt !== undefined) receipts.came(said.receipt)
      else if (said.error !== undefined) error = said.error.message ?? 'error'
      else if (said.gone) {
        reject(new Error(error))
        void over()
      } else if (said.connected !== undefined) {
        resolve({
          lost,
          send: (command, headers, body = '') =>
            ask({
              do: command,
              headers,
              bytes: Buffer.from(body as string).toString('base64'),
            }),
          subscribe(id, headers, hear) {
            // In 1.0 messages have the id too, where the client gave one.
            consumers.set(id, hear)
            return ask({ do: 'SUBSCRIBE', headers: { ...headers, id } })
          },
          answer: (command, { headers }) =>
            ask({
              do: command,
              id: version === '1.2' ? headers.ack : headers['message-id'],
              subscription: headers.subscription,
            }),
          async close() {
            await ask({ do: 'DISCONNECT' })
            await lost
          },
        })
      }
    })
  })
}
