import { expect } from 'chai'
import { UNSUBSCRIBED } from '../../src/protocol/messages.ts'
import { SERIALIZERS } from '../../src/serializer/registry.ts'

describe('an UNSUBSCRIBED that nobody asked for', () => {
  const details = { subscription: 1, reason: 'a.b' }
  const WRITTEN: Record<string, string> = {
    json: Buffer.from('[35,0,{"subscription":1,"reason":"a.b"}]').toString('hex'),
    msgpack: '93230082ac737562736372697074696f6e01a6726561736f6ea3612e62',
    cbor: '83182300a26c737562736372697074696f6e0166726561736f6e63612e62',
  }

  for (const serializer of SERIALIZERS) {
    it(`has its details as a third element in ${serializer.name}`, () => {
      const frame = serializer.encode({ type: UNSUBSCRIBED, request: 0, details })
      expect(Buffer.from(frame).toString('hex')).equal(WRITTEN[serializer.name])
      expect(serializer.decode(frame)).deep.equal({ type: UNSUBSCRIBED, request: 0, details })
    })

    it(`has none in an answer in ${serializer.name}`, () => {
      const answer = { type: UNSUBSCRIBED, request: 5, details: null } as const
      expect(serializer.decode(serializer.encode(answer))).deep.equal(answer)
    })
  }
})
