import { expect } from 'chai'
import {
  errorFor,
  type Message,
  NO_DETAILS,
  type Request,
  shapeOf,
  shapes,
} from '../../src/protocol/messages.ts'
import { NO_PAYLOAD } from '../../src/protocol/payload.ts'
import { listOf, messageOf } from '../helpers/recorder.ts'

/**
 * The chapter "Messages" of the specification: an example of each, whether a router may get it,
 * and whether args and kwargs may follow.
 */
const EXAMPLES: [string, boolean, boolean, unknown[]][] = [
  ['HELLO', true, false, [1, 'realm1', { roles: {} }]],
  ['WELCOME', false, false, [2, 9129137332, { roles: {} }]],
  ['ABORT', true, true, [3, { message: 'no' }, 'wamp.error.no_such_realm']],
  ['CHALLENGE', false, false, [4, 'ticket', { a: 1 }]],
  ['AUTHENTICATE', true, false, [5, 'secret', { a: 1 }]],
  ['GOODBYE', true, false, [6, { message: 'bye' }, 'wamp.close.close_realm']],
  ['ERROR', true, true, [8, 68, 25349185, { a: 1 }, 'com.app.error']],
  ['PUBLISH', true, true, [16, 239714735, { a: 1 }, 'com.app.topic']],
  ['PUBLISHED', false, false, [17, 239714735, 4429313566]],
  ['SUBSCRIBE', true, false, [32, 713845233, { a: 1 }, 'com.app.topic']],
  ['SUBSCRIBED', false, false, [33, 713845233, 5512315355]],
  ['UNSUBSCRIBE', true, false, [34, 85346237, 5512315355]],
  ['UNSUBSCRIBED', false, false, [35, 85346237]],
  ['EVENT', false, true, [36, 5512315355, 4429313566, { a: 1 }]],
  ['CALL', true, true, [48, 7814135, { a: 1 }, 'com.app.ping']],
  ['CANCEL', true, false, [49, 7814135, { mode: 'kill' }]],
  ['RESULT', false, true, [50, 7814135, { a: 1 }]],
  ['REGISTER', true, false, [64, 25349185, { a: 1 }, 'com.app.ping']],
  ['REGISTERED', false, false, [65, 25349185, 2103333224]],
  ['UNREGISTER', true, false, [66, 788923562, 2103333224]],
  ['UNREGISTERED', false, false, [67, 788923562]],
  ['INVOCATION', false, true, [68, 6131533, 9823526, { a: 1 }]],
  ['INTERRUPT', false, false, [69, 6131533, { mode: 'kill' }]],
  ['YIELD', true, true, [70, 6131533, { a: 1 }]],
]

describe('the table of messages', () => {
  it('has exactly the messages of the specification', () => {
    expect(shapes().map(shape => [shape.name, shape.code])).deep.equal(
      EXAMPLES.map(([name, , , list]) => [name, list[0]]),
    )
    for (const code of [-1, 0, 7, 9, 15, 71, 255, 256, 1023, 1.5, NaN]) {
      expect(shapeOf(code)).equal(undefined)
    }
  })

  for (const [name, fromClient, tail, list] of EXAMPLES) {
    it(`says how ${name} lies on the wire`, () => {
      const shape = shapeOf(list[0] as number)
      expect(shape).include({ name, fromClient, tail, head: list.length })
      const lists = tail ? [list, [...list, [1]], [...list, [], { b: 2 }]] : [list]
      for (const each of lists) expect(listOf(messageOf(each))).deep.equal(each)
    })
  }
})

describe('errorFor', () => {
  const requests: unknown[][] = [
    [16, 5, {}, 'a.b'],
    [32, 5, {}, 'a.b'],
    [34, 5, 17],
    [48, 5, {}, 'a.b'],
    [64, 5, {}, 'a.b'],
    [66, 5, 17],
  ]

  it('names the kind and the number of the request', () => {
    for (const list of requests) {
      const error = errorFor(messageOf(list) as Request, 'com.app.error')
      expect(listOf(error)).deep.equal([8, list[0], 5, {}, 'com.app.error'])
      expect(error.payload).equal(NO_PAYLOAD)
    }
  })

  it('puts the text into args', () => {
    const request = messageOf(requests[0] as unknown[]) as Request
    expect(listOf(errorFor(request, 'com.app.error', 'because')).at(-1)).deep.equal(['because'])
  })

  it('shares its empty details, which nobody can change', () => {
    const { details } = errorFor(messageOf(requests[0] as unknown[]) as Request, 'com.app.error')
    expect(details).equal(NO_DETAILS)
    expect(Object.isFrozen(NO_DETAILS)).equal(true)
  })
})

describe('messages', () => {
  it('without payload all share one empty payload', () => {
    const message = messageOf([36, 1, 2, {}]) as Extract<Message, { type: 36 }>
    expect(message.payload).equal(NO_PAYLOAD)
  })
})
