import { type IncomingHttpHeaders, request } from 'node:http'
import { batching } from '../../src/serializer/batched.ts'
import { CODECS, hello, type Wamp } from './raw-client.ts'

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Sends an HTTP request on a connection of its own. */
export function ask(
  method: string,
  url: string,
  body: string | Uint8Array = '',
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent: false, headers }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0, headers } = response
        resolve({ status: statusCode, headers, body: Buffer.concat(chunks) })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

export const post = (
  url: string,
  body?: string | Uint8Array,
  headers?: Record<string, string>,
): Promise<HttpAnswer> => ask('POST', url, body, headers)

/** A long-poll client that polls when told to. */
export class PollClient {
  /** Where `receive`, `send` and `close` are. */
  readonly url: string
  readonly protocol: string
  readonly #inbox: Wamp[] = []

  constructor(url: string, protocol: string) {
    this.url = url
    this.protocol = protocol
  }

  get isBatched(): boolean {
    return this.protocol.endsWith('.batched')
  }

  get #name(): string {
    return this.protocol.replace('.batched', '')
  }

  encode(...messages: unknown[]): Uint8Array {
    const encoded = messages.map(one => Buffer.from(CODECS[this.#name]?.encode(one) as string))
    if (!this.isBatched) return Buffer.concat(encoded)
    return Buffer.concat(batching(this.#name !== 'wamp.2.json').join(encoded))
  }

  /** The messages of an answer to a poll. */
  decode(body: Buffer): Wamp[] {
    if (body.length === 0) return []
    const frames: Buffer[] = []
    if (this.isBatched) {
      const fault = batching(this.#name !== 'wamp.2.json').split(body, message => {
        frames.push(Buffer.from(message))
      })
      if (fault !== undefined) throw new Error(fault)
    } else frames.push(body)
    return frames.map(frame => CODECS[this.#name]?.decode(frame) as Wamp)
  }

  poll(): Promise<HttpAnswer> {
    return post(`${this.url}/receive`)
  }

  send(...messages: unknown[]): Promise<HttpAnswer> {
    return post(`${this.url}/send`, this.encode(...messages))
  }

  close(): Promise<HttpAnswer> {
    return post(`${this.url}/close`)
  }

  /** The next message; polls as long as there is none. */
  async next(): Promise<Wamp> {
    while (this.#inbox.length === 0) {
      const { status, body } = await this.poll()
      if (status !== 200) throw new Error(`${status} ${body}`)
      this.#inbox.push(...this.decode(body))
    }
    return this.#inbox.shift() as Wamp
  }

  async ask(message: unknown): Promise<Wamp> {
    const [, answer] = await Promise.all([this.send(message), this.next()])
    return answer
  }

  async join(realm = 'realm1', details: object = {}): Promise<Wamp> {
    const welcome = await this.ask(hello(realm, details))
    if (welcome[0] !== 2) throw new Error(`no WELCOME but ${JSON.stringify(welcome)}`)
    return welcome
  }
}

/** Opens a long-poll transport below a base URL. */
export async function openPoll(base: string, protocol = 'wamp.2.json'): Promise<PollClient> {
  const { status, body } = await post(`${base}/open`, JSON.stringify({ protocols: [protocol] }))
  if (status !== 200) throw new Error(`${status} ${body}`)
  const { protocol: chosen, transport } = JSON.parse(body.toString())
  return new PollClient(`${base}/${transport}`, chosen)
}

/** A client with a session. */
export async function pollMember(base: string, protocol?: string): Promise<PollClient> {
  const client = await openPoll(base, protocol)
  await client.join()
  return client
}
