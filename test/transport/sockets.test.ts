import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import type { ListenOptions } from '../../src/doors.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { eventually, hangUp, hello } from '../helpers/raw-client.ts'
import { RawSocket, upgraded } from '../helpers/raw-socket.ts'
import { RawSocketPeer } from '../helpers/rawsocket-client.ts'

const TLS = { certificate: 'test/fixtures/localhost.crt', key: 'test/fixtures/localhost.key' }

const KINDS: Record<string, ListenOptions> = {
  HTTP: { transport: 'ws' },
  HTTPS: { transport: 'ws', tls: TLS },
  'HTTP and RawSocket': { transport: 'ws', rawsocket: true },
  RawSocket: { type: 'rawsocket' },
  STOMP: { type: 'stomp', realm: 'realm1' },
}

/** The ports that a line of /proc/net/tcp is of, and whether its timer is that of keepalive. */
function isWatched(local: number, remote: number): boolean {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n')
  const line = lines
    .map(text => text.trim().split(/\s+/))
    .find(([, a, b]) => a?.endsWith(`:${hex(local)}`) && b?.endsWith(`:${hex(remote)}`))
  return line?.[5]?.startsWith('02:') ?? false
}

for (const [name, options] of Object.entries(KINDS)) {
  describe(`sockets on a port of ${name}`, () => {
    let router: Router
    let port: number
    beforeEach(async () => {
      router = createRouter({ development: true })
      const limits = { maxConnections: 5, maxHandshakes: 5 }
      port = (await router.listen({ port: 0, ...limits, ...options })).port
    })
    afterEach(async () => {
      hangUp()
      await router.close({ grace: 0 })
    })

    it('that say nothing are not more than connections and handshakes may be', async () => {
      const silent = Array.from({ length: 60 }, () => new RawSocket(port))
      const refused = () => router.status().counters.refused_connections
      await eventually('refusals', () => refused() >= 50)
      await eventually('ends', () => silent.filter(one => !one.socket.destroyed).length <= 10)
    })

    it('are watched by the system', async () => {
      if (process.platform !== 'linux') return
      const { socket } = new RawSocket(port)
      await eventually('connection', () => socket.localPort !== undefined)
      await eventually('watch', () => isWatched(port, socket.localPort as number))
    })
  })
}

describe('idle connections of HTTP', () => {
  let router: Router
  afterEach(async () => {
    hangUp()
    await router.close({ grace: 0 })
  })

  it('make room for new ones where there are as many as may be', async () => {
    router = createRouter({ development: true })
    const limits = { maxConnections: 5, maxHandshakes: 5 }
    const { port } = await router.listen({ port: 0, transport: 'ws', ...limits })
    for (let i = 0; i < 9; i++) {
      const idle = new RawSocket(port)
      idle.write('GET /ws HTTP/1.1\r\nHost: a\r\n\r\n')
      expect((await idle.answer())?.status).equal(200)
    }
    for (let i = 0; i < 5; i++) {
      expect((await (await upgraded(port)).ask(hello()))?.[0]).equal(2)
    }
  })

  it('leave those alone who came by RawSocket', async () => {
    router = createRouter({ development: true })
    const limits = { maxConnections: 5, maxHandshakes: 1 }
    const both = { transport: 'ws', rawsocket: true } as const
    const { port } = await router.listen({ port: 0, ...limits, ...both })
    const peer = new RawSocketPeer(port)
    await peer.shake()
    expect((await peer.ask(hello()))?.[0]).equal(2)
    for (let i = 0; i < 10; i++) new RawSocket(port)
    await eventually('refusals', () => router.status().counters.refused_connections > 0)
    expect((await peer.ask([32, 1, {}, 'a.b']))?.[0]).equal(33)
  })
})
