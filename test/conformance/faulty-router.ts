import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type RawData, WebSocket, WebSocketServer } from 'ws'

/** A message in JSON, as a list. */
export type Elements = unknown[]

/** What becomes of a message of the router on its way to the client; null: it is lost. */
export type Spoil = (message: Elements, session: Session) => Elements | null

/** What is known of one connection. */
interface Session {
  /** Messages of the client so far. */
  readonly said: Elements[]
  /** Sends the client something more. */
  say(message: Elements): void
}

/**
 * A router that does something wrong: a sound one, whose messages are spoilt on their way. JSON over
 * WebSocket only.
 */
export async function faultyRouter(
  sound: string,
  spoil: Spoil,
): Promise<{ url: string; close(): void }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  server.on('connection', client => {
    const router = new WebSocket(sound, ['wamp.2.json'])
    const early: RawData[] = []
    const session: Session = { said: [], say: message => client.send(JSON.stringify(message)) }
    client.on('message', data => {
      const text = String(data)
      try {
        session.said.push(JSON.parse(text))
      } catch {
        // It is meant to be unsound.
      }
      if (router.readyState === WebSocket.OPEN) router.send(text)
      else early.push(data)
    })
    router.on('open', () => {
      for (const data of early) router.send(String(data))
    })
    router.on('message', data => {
      const spoilt = spoil(JSON.parse(String(data)), session)
      if (spoilt !== null) session.say(spoilt)
    })
    router.on('close', () => client.terminate())
    router.on('error', () => client.terminate())
    client.on('close', () => router.terminate())
    client.on('error', () => router.terminate())
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `ws://127.0.0.1:${port}/ws`,
    close() {
      for (const client of server.clients) client.terminate()
      server.close()
    },
  }
}
