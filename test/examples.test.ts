import { once } from 'node:events'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { type Example, startExample } from './helpers/example.ts'
import { ask, post } from './helpers/poll-client.ts'
import { within } from './helpers/raw-client.ts'
import { autobahnJsKinds, longpollKinds } from './interop/autobahn-js.ts'
import type { ClientKind, Payload } from './interop/client.ts'

const [byWebSocket, byLongPoll] = [autobahnJsKinds[0], longpollKinds[0]] as [ClientKind, ClientKind]

for (const name of ['express', 'fastify']) {
  describe(`the example ${name}`, () => {
    let app: Example
    let url: string

    beforeEach(async () => {
      app = startExample(`${name}/server.mjs`)
      url = (await app.line(/^http:\S+/))[0]
    })
    afterEach(() => app.stop())

    it('serves WAMP over WebSocket and long-poll, its own routes and its own WebSockets', async () => {
      const one = await byWebSocket.connect(`${url.replace('http', 'ws')}/ws`)
      const other = await byLongPoll.connect(`${url}/lp`)
      expect((await one.call('com.example.add', [2, 3], {})).args).deep.equal([5])
      expect((await other.call('com.example.add', [2, 3], {})).args).deep.equal([5])
      const event = new Promise<Payload>(resolve => {
        void other.subscribe('a.topic', resolve).then(() => one.publish('a.topic', ['hi'], {}))
      })
      expect((await event).args).deep.equal(['hi'])

      expect((await ask('GET', url)).body.toString()).equal('the application')
      const json = { 'content-type': 'application/json' }
      expect((await post(`${url}/add`, '[4,5]', json)).body.toString()).equal('9')
      expect((await ask('GET', `${url}/nowhere`)).status).equal(404)

      const chat = new WebSocket(`${url.replace('http', 'ws')}/chat`)
      await once(chat, 'open')
      chat.send('hello')
      expect(String((await once(chat, 'message'))[0])).equal('you said hello')
      const nowhere = new WebSocket(`${url.replace('http', 'ws')}/nowhere`)
      expect(await once(nowhere, 'error')).length(1)
      chat.close()
      await one.close()
      await other.close()
    })

    it('ends by itself when all is closed, with clients that are still there', async () => {
      const clients = [
        await byWebSocket.connect(`${url.replace('http', 'ws')}/ws`),
        await byLongPoll.connect(`${url}/lp`),
      ]
      const chat = new WebSocket(`${url.replace('http', 'ws')}/chat`)
      await once(chat, 'open')
      app.process.kill('SIGTERM')
      const [code, signal] = await within(8000, 'end', app.ended)
      expect([code, signal]).deep.equal([0, null])
      await Promise.all(clients.map(({ left }) => left))
      if (chat.readyState !== WebSocket.CLOSED) await once(chat, 'close')
    })
  })
}
