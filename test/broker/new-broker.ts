import { randomId } from '../../src/base/ids.ts'
import { Broker, type BrokerParts } from '../../src/broker/broker.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { Traffic } from '../../src/traffic/traffic.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

const nobody = { created() {}, subscribed() {}, unsubscribed() {}, deleted() {} }

/** A broker in memory that nobody watches, but for the parts given. */
export function newBroker(parts: Partial<BrokerParts> = {}): Broker {
  return new Broker({
    randomId,
    clock: new FakeClock(),
    store: new MemoryStore(),
    options: {},
    watch: nobody,
    isHere: () => true,
    realm: 'realm1',
    traffic: new Traffic(),
    ...parts,
  })
}
