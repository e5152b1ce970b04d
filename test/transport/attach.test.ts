import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { expect } from 'chai'
import { WebSocket, WebSocketServer } from 'ws'
import { createRouter } from '../../src/router.ts'
import { connect, member, transportOf } from '../helpers/raw-client.ts'
import { handshake, http } from '../helpers/raw-socket.ts'
import { servesWebSockets } from './suite.ts'

async function listening(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function closed(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

describe('transport attached to an http.Server', () => {
  servesWebSockets({
    name: 'attach',
    ownsHttp: false,
    async open(router, options) {
      const server = createServer((_, response) => response.end('the application'))
      router.attach(server, options)
      const port = await listening(server)
      return { port, url: `ws://127.0.0.1:${port}/ws`, close: () => closed(server) }
    },
  })

  describe('beside an application', () => {
    it('leaves requests and the upgrades of other paths to it', async () => {
      const server = createServer((_, response) => response.end('the application'))
      const theirs = new WebSocketServer({ noServer: true })
      server.on('upgrade', (request, socket, head) => {
        if (request.url !== '/chat') return
        theirs.handleUpgrade(request, socket, head, chat => chat.send('hello from the chat'))
      })
      const router = createRouter({ development: true })
      router.attach(server, { path: '/wamp' })
      const port = await listening(server)

      expect((await http(port, 'GET /wamp HTTP/1.1\r\nHost: a\r\n\r\n'))?.status).equal(200)
      const chat = new WebSocket(`ws://127.0.0.1:${port}/chat`)
      const [data] = await new Promise<[Buffer]>(resolve =>
        chat.once('message', (...args) => resolve(args as never)),
      )
      expect(data.toString()).equal('hello from the chat')

      const client = await member(`ws://127.0.0.1:${port}/wamp`)
      await router.close()
      expect((await client.closed).code).equal(1012)
      expect(chat.readyState, 'the chat goes on').equal(WebSocket.OPEN)
      chat.terminate()
      for (const socket of theirs.clients) socket.terminate()
      await closed(server)
    })

    it('serves WAMP over TLS', async () => {
      const server = createTlsServer({
        cert: readFileSync('test/fixtures/localhost.crt'),
        key: readFileSync('test/fixtures/localhost.key'),
      })
      const router = createRouter({ development: true })
      router.attach(server)
      const port = await listening(server)
      const client = await connect(`wss://127.0.0.1:${port}/ws`, 'wamp.2.json', {
        rejectUnauthorized: false,
      })
      const [, id] = await client.join()
      const transport = await transportOf(client, id)
      expect(transport).include({ type: 'websocket', secure: true })
      await client.close()
      await router.close()
      await closed(server)
    })

    it('is not disturbed by handlers that end upgrades that nobody has answered', async () => {
      const server = createServer()
      const router = createRouter({ development: true })
      const ended: string[] = []
      // As engine.io does it, with more patience.
      server.on('upgrade', (request, socket) => {
        setTimeout(() => {
          if (!socket.writable || (socket as Socket).bytesWritten > 0) return
          ended.push(request.url ?? '')
          socket.end()
        }, 100)
      })
      router.attach(server)
      const port = await listening(server)
      const client = await member(`ws://127.0.0.1:${port}/ws`)
      expect(await http(port, handshake({}, '/nobodys'))).equal(null)
      expect((await client.ask([64, 1, {}, 'a']))[0]).equal(65)
      expect(ended).deep.equal(['/nobodys'])
      await client.close()
      await router.close()
      await closed(server)
    })

    it('serves several routers on paths of their own', async () => {
      const server = createServer()
      const [one, two] = [createRouter({ development: true }), createRouter({ development: true })]
      one.attach(server, { path: '/one' })
      two.attach(server, { path: '/two' })
      const port = await listening(server)
      const a = await member(`ws://127.0.0.1:${port}/one`)
      const b = await member(`ws://127.0.0.1:${port}/two`)
      expect((await a.ask([64, 1, {}, 'same.name']))[0]).equal(65)
      expect((await b.ask([64, 1, {}, 'same.name']))[0]).equal(65)
      await one.close()
      expect((await b.ask([64, 2, {}, 'other.name']))[0]).equal(65)
      await two.close()
      await closed(server)
    })

    it('lets go of the server when the router is closed', async () => {
      const server = createServer((_, response) => response.end('the application'))
      const router = createRouter({ development: true })
      router.attach(server)
      const port = await listening(server)
      await (await connect(`ws://127.0.0.1:${port}/ws`)).close()
      await router.close()
      expect(server.listenerCount('upgrade')).equal(0)
      expect((await http(port, handshake()))?.status).equal(200)
      await closed(server)
    })
  })
})
