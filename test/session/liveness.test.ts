import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import { hangUp, hello, member, pause, type RawClient, within } from '../helpers/raw-client.ts'
import { frame, PING, type RawSocket, TEXT, upgraded } from '../helpers/raw-socket.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const INTERVAL = 100

for (const transport of TRANSPORTS) {
  describe(`dead peers over ${transport}`, () => {
    let router: Router
    let port: number
    let other: RawClient
    let socket: RawSocket

    before(async () => {
      router = createRouter({ development: true })
      const listening = await router.listen({ port: 0, transport, pingInterval: INTERVAL })
      port = listening.port
      other = await member(listening.url)
    })
    after(async () => {
      hangUp()
      await router.close()
    })
    beforeEach(async () => {
      socket = await upgraded(port)
      await socket.ask(hello())
    })
    afterEach(() => socket.close())

    it('who does not answer pings is dropped within three intervals', async () => {
      await socket.ask([64, 1, {}, 'of.the.dead'])
      await socket.ask([32, 2, {}, 'of.the.dead'])
      other.send([48, 1, {}, 'of.the.dead'])
      expect((await socket.frame())?.opcode, 'the invocation').equal(TEXT)
      expect((await socket.frame())?.opcode).equal(PING)
      const answer = await within(3 * INTERVAL + 500, 'answer', other.next())
      expect([answer[0], answer[2], answer[4]]).deep.equal([8, 1, 'wamp.error.canceled'])
      await within(1000, 'end', socket.gone)
      expect((await other.ask([64, 2, {}, 'of.the.dead']))[0], 'its name is free').equal(65)
      expect((await other.ask([16, 3, { acknowledge: true }, 'of.the.dead']))[0]).equal(17)
    })

    it('who answers pings stays', async () => {
      for (let i = 0; i < 3; i++) {
        const ping = await socket.frame()
        expect(ping?.opcode).equal(PING)
        socket.write(frame(10, ping?.payload))
      }
      expect((await socket.ask([32, 1, {}, 'a']))?.[0]).equal(33)
    })

    it('who sends messages need not answer pings', async () => {
      for (let i = 1; i <= 10; i++) {
        await pause(INTERVAL / 2)
        expect((await socket.ask([32, i, {}, 'a']))?.[0]).equal(33)
      }
    })
  })
}
