/**
 * Publishes numbers to a topic with a durable history, from a given one on, until it is killed:
 * `node endless-publisher.js FILE FIRST`. Each number that is acknowledged is written out.
 */
import { writeSync } from 'node:fs'
import { randomId } from '../../src/base/ids.ts'
import { type Message, PUBLISHED } from '../../src/protocol/messages.ts'
import { Realm } from '../../src/realm/realm.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'

const [, , path = '', first = '1'] = process.argv
const realm = new Realm(
  {
    ...{ name: 'realm1', uriCheck: 'loose', strictRequestIds: false, roles: [] },
    pubsub: {
      store: { type: 'lmdb', path },
      event_history: [{ uri: 'a.b', limit: 1_000_000 }],
    },
  },
  randomId,
)

let waiting = 0

class Publisher extends Recorder {
  override send(message: Message): void {
    if (message.type !== PUBLISHED) throw new Error(`not acknowledged: ${message.type}`)
    waiting--
    writeSync(1, `${message.request}\n`)
  }
}

const publisher = new Publisher()
realm.join(publisher)
let number = Number(first)

function publishSome(): void {
  for (let i = 0; i < 7 && waiting < 1000; i++, number++) {
    const acknowledge = number % 5 !== 0
    if (acknowledge) waiting++
    const options = { acknowledge, retain: true }
    realm.receive(publisher, messageOf([16, number, options, 'a.b', [number, 'x'.repeat(200)]]))
  }
  setImmediate(publishSome)
}

publishSome()
