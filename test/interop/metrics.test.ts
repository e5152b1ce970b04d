import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import { type AdminClient, openAdmin } from '../helpers/admin.ts'
import { within } from '../helpers/raw-client.ts'
import { pythonFlavours, runPython } from './python.ts'

type Sample = [name: string, labels: Record<string, string>, value: number]
type Family = { name: string; type: string; samples: Sample[] }

const describeWithPython = pythonFlavours.length > 0 ? describe : () => {}

describeWithPython('/metrics, read by Prometheus’ own client for Python', function () {
  this.timeout(120_000)
  let router: Router
  let admin: AdminClient
  let python: Awaited<ReturnType<typeof runPython>>
  let hear: (line: string) => void = () => {}

  before(async () => {
    python = await runPython('metrics.py')
    python.onLine(line => hear(line))
    router = createRouter({ development: true })
    admin = await openAdmin(router)
    const session = router.session('a."realm"\\n')
    await session.register('a.b', () => 1)
    await session.call('a.b')
  })
  after(async () => {
    await router.close()
    expect(await python.stop()).equal('')
  })

  async function read(accept: string): Promise<Family[]> {
    const { headers, body } = await admin.get('metrics', { accept })
    const isOpen = `${headers['content-type']}`.startsWith('application/openmetrics-text')
    expect(isOpen).equal(accept !== '*/*')
    const line = new Promise<string>(resolve => {
      hear = resolve
    })
    python.say(JSON.stringify({ text: body.toString(), isOpen }))
    return JSON.parse(await within(60_000, 'what it has read', line))
  }

  for (const accept of ['*/*', 'application/openmetrics-text; version=1.0.0']) {
    it(`says the same to who accepts ${accept}`, async () => {
      const told = new Map((await read(accept)).map(family => [family.name, family]))
      const sessions = told.get('wampd_sessions')
      expect(sessions?.type).equal('gauge')
      expect(sessions?.samples).deep.equal([['wampd_sessions', { realm: 'a."realm"\\n' }, 1]])
      const calls = told.get('wampd_call_duration_seconds')
      expect(calls?.type).equal('histogram')
      expect(calls?.samples.filter(([name]) => name.endsWith('_count'))).deep.equal([
        ['wampd_call_duration_seconds_count', { outcome: 'result' }, 1],
        ['wampd_call_duration_seconds_count', { outcome: 'error' }, 0],
      ])
      expect(told.get('wampd_too_slow')?.samples).deep.equal([['wampd_too_slow_total', {}, 0]])
      expect(told.size).above(50)
    })
  }
})
