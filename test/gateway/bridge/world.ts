import { type IncomingMessage, request as sendRequest } from 'node:http'
import type { ConfigInput } from '../../../src/config/schema.ts'
import type { LocalSession } from '../../../src/index.ts'
import { createRouter, type Router } from '../../../src/router.ts'
import { errorLog } from '../../helpers/error-log.ts'
import { ask, type HttpAnswer } from '../../helpers/poll-client.ts'
import { remember, within } from '../../helpers/raw-client.ts'

type TransportInput = NonNullable<ConfigInput['transports']>[number]

export const JWT_SECRET = 'a secret of the tests, 32 or more characters'
export const CRA_SECRET = 'a password of ann'

/** What a world may have otherwise. */
export interface Changes {
  readonly bridge?: object
  readonly options?: TransportInput['options']
  readonly transport?: Partial<TransportInput>
  readonly limits?: object
}

export function configOf({ bridge, options, transport, limits }: Changes = {}): ConfigInput {
  const all = { publish: true, subscribe: true, call: true, register: true }
  const role = (name: string) => ({
    name,
    permissions: [
      { uri: '', match: 'prefix' as const, allow: all },
      { uri: 'wamp.subscription.get_events', match: 'exact' as const, allow: { call: true } },
      { uri: 'secret.', match: 'prefix' as const, allow: {} },
    ],
    ...(limits && { limits }),
  })
  return {
    version: 1,
    realms: [
      {
        name: 'realm1',
        roles: [role('guest'), role('user'), role('hooks')],
        event_history: [{ uri: 'kept', match: 'prefix', limit: 10 }],
      },
    ],
    authenticators: {
      guests: { anonymous: { role: 'guest' } },
      tokens: { jwt: { algorithms: ['HS256'], secret: JWT_SECRET, roles: ['user'] } },
      tickets: { ticket: { principals: { joe: { ticket: 'a secret of joe', role: 'user' } } } },
      passwords: { wampcra: { principals: { ann: { secret: CRA_SECRET, role: 'user' } } } },
    },
    transports: [
      {
        id: 'web',
        type: 'web',
        endpoint: { port: 0 },
        auth: ['guests', 'tickets', 'tokens', 'passwords'],
        paths: {
          '/ws': { websocket: {} },
          '/api': { bridge: { realm: 'realm1', ...bridge } },
          '/users': { bridge: { realm: 'realm1', auth: ['tickets', 'passwords'] } },
        },
        options,
        ...transport,
      },
    ],
  } as ConfigInput
}

/** A router with a bridge at /api, and a session of its own in the realm. */
export class World {
  readonly router: Router
  readonly errors: string[]
  port = 0
  session!: LocalSession

  constructor(changes: Changes = {}) {
    const logger = errorLog()
    this.errors = logger.errors
    this.router = createRouter({ ...configOf(changes), logger })
  }

  async start(): Promise<this> {
    const [listening] = await this.router.start()
    this.port = (listening as { port: number }).port
    this.session = this.router.session('realm1')
    return this
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`
  }

  ask(
    method: string,
    path: string,
    body: string | Uint8Array = '',
    headers: Record<string, string> = {},
  ): Promise<HttpAnswer> {
    return within(5000, 'answer', ask(method, this.url(path), body, headers))
  }

  post(path: string, body?: string | Uint8Array, headers?: Record<string, string>) {
    return this.ask('POST', path, body, headers)
  }

  /** Posts JSON; gives the answer, its body read. */
  async json(path: string, value: unknown, headers: Record<string, string> = {}) {
    const type = { 'Content-Type': 'application/json' }
    const answer = await this.post(path, JSON.stringify(value), { ...type, ...headers })
    const isJson = /json$/.test(answer.headers['content-type'] ?? '')
    return { ...answer, value: isJson ? bodyOf(answer) : undefined }
  }

  stream(path: string, headers: Record<string, string> = {}, method = 'GET', body = '') {
    return openStream(this.url(path), headers, method, body)
  }
}

// biome-ignore lint/suspicious/noExplicitAny: each answer has a form of its own
export function bodyOf({ body }: HttpAnswer): any {
  return body.length === 0 ? undefined : JSON.parse(body.toString())
}

/** One event of a stream, by the names of its lines. */
export type Entry = Record<string, string>

/** A stream that is read as it comes. */
export class EventStream {
  readonly answer: IncomingMessage
  readonly ended: Promise<void>
  #text = ''
  #wake: () => void = () => {}
  #isOver = false

  constructor(answer: IncomingMessage) {
    this.answer = answer
    remember(answer)
    answer.setEncoding('utf8')
    answer.on('data', text => {
      this.#text += text
      this.#wake()
    })
    answer.on('error', () => {})
    this.ended = new Promise(resolve => {
      answer.on('close', () => {
        this.#isOver = true
        this.#wake()
        resolve()
      })
    })
  }

  close(): void {
    this.answer.destroy()
  }

  /** The text up to the next empty line, or what is left at the end. */
  async block(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end >= 0) {
        const block = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        return block
      }
      if (this.#isOver) return this.#text
      await within(5000, 'event', new Promise<void>(resolve => (this.#wake = resolve)))
    }
  }

  /** The next event; what else the stream says is passed over. */
  async next(): Promise<Entry> {
    for (;;) {
      const lines = (await this.block()).split('\n').map(line => /^(\w*): ?(.*)$/.exec(line) ?? [])
      const entry = Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value]))
      if ('data' in entry) return entry
      if (this.#isOver && this.#text === '') throw new Error('the stream has ended')
    }
  }

  /** The data of the next event. */
  // biome-ignore lint/suspicious/noExplicitAny: each event has a form of its own
  async data(): Promise<any> {
    return JSON.parse((await this.next()).data as string)
  }
}

function openStream(
  url: string,
  headers: Record<string, string>,
  method: string,
  body: string,
): Promise<EventStream> {
  return within(
    5000,
    'stream',
    new Promise((resolve, reject) => {
      const sent = sendRequest(url, { method, agent: false, headers }, answer => {
        resolve(new EventStream(answer))
      })
      sent.on('error', reject)
      sent.end(body)
    }),
  )
}
