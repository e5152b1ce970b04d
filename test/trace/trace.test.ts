import { expect } from 'chai'
import { Secrets } from '../../src/trace/secrets.ts'
import type { Seen } from '../../src/trace/show.ts'
import { Trace } from '../../src/trace/trace.ts'
import { messageOf } from '../helpers/recorder.ts'

describe('a trace that is not read', () => {
  const who = { realm: undefined, session: undefined, authid: undefined, authrole: undefined }
  const long = 'a'.repeat(1 << 20)
  const cases = {
    uri: [[48, 1, {}, long], long],
    reason: [[8, 48, 1, {}, long], undefined],
    realm: [[1, long, {}], undefined],
  } as const

  for (const [name, [list, uri]] of Object.entries(cases)) {
    it(`holds some megabytes and no more, also where it is a ${name} that is long`, () => {
      const trace = new Trace({ payload: 'short', size: 16, rate: 10_000 }, () => 0)
      const message = messageOf([...list])
      const seen: Seen = {
        ...{ type: message.type, message, bytes: 1, remote: '', time: 0 },
        direction: 'received',
        ...{ who: name === 'realm' ? { ...who, realm: long } : who, uri },
        ...{ exchange: undefined, took: undefined, other: undefined },
      }
      for (let i = 0; i < 20; i++) trace.take(seen, new Secrets([]))
      expect(trace.sum).deep.equal({ lines: 8, dropped: 12 })
    })
  }
})
