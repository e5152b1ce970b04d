import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import { hangUp, member, type RawClient } from '../helpers/raw-client.ts'

/** The ways in which a session ends. */
const ENDS: Record<string, (it: RawClient, id: number, other: RawClient, router: Router) => void> =
  {
    GOODBYE: it => it.send([6, {}, 'wamp.close.close_realm']),
    ABORT: it => it.send([3, {}, 'a.reason']),
    'a protocol violation': it => it.send([99]),
    'a closed connection': it => it.socket.close(1000),
    'a lost connection': it => it.socket.terminate(),
    'a kill': (_, id, other) => other.send([48, 9, {}, 'wamp.session.kill', [id]]),
    'the end of the router': (_it, _id, _other, router) => void router.close(),
    'the final end of the router': (_it, _id, _other, router) => void router.close({ final: true }),
  }

describe('a testament is published', () => {
  let router: Router
  let url: string

  beforeEach(async () => {
    router = createRouter({ development: true })
    url = (await router.listen({ port: 0 })).url
  })

  afterEach(async () => {
    hangUp()
    await router.close()
  })

  for (const [name, end] of Object.entries(ENDS)) {
    it(`after ${name}`, async () => {
      const testator = await member(url)
      const heir = await member(url)
      await heir.ask([32, 1, {}, 'a.topic'])
      const add = [48, 1, {}, 'wamp.session.add_testament', ['a.topic', ['bye'], {}]]
      expect(await testator.ask(add)).deep.equal([50, 1, {}])
      const list = await heir.ask([48, 2, {}, 'wamp.session.list'])
      const id = (list[3] as [number[]])[0][0] as number
      end(testator, id, heir, router)
      let message = await heir.next()
      while (message[0] !== 36) message = await heir.next()
      expect(message[4]).deep.equal(['bye'])
    })
  }
})
