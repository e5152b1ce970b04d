import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'

describe('the admin endpoint', () => {
  let router: Router
  let url: string
  let token: string

  beforeEach(async () => {
    router = createRouter({ development: true })
    const admin = await router.serveAdmin({ port: 0 })
    url = admin.url.slice(0, -1)
    token = admin.link.slice(admin.link.indexOf('#') + 1)
  })
  afterEach(() => router.close())

  async function ask(path: string, init: RequestInit = {}) {
    const headers = { authorization: `Bearer ${token}`, ...init.headers }
    const response = await fetch(`${url}${path}`, { ...init, headers })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  it('answers probes without a token', async () => {
    for (const path of ['/healthz', '/readyz']) {
      const response = await fetch(`${url}${path}`)
      expect([response.status, await response.text()]).deep.equal([200, 'ok\n'])
    }
  })

  it('lets nobody in without the token, or with another', async () => {
    for (const authorization of ['', 'Bearer', 'Bearer x', `Basic ${token}`, `Bearer ${token}x`]) {
      const { status, body } = await ask('/api/overview', { headers: { authorization } })
      expect([status, body.error]).deep.equal([401, 'wamp.error.authentication_denied'])
    }
  })

  it('is not opened with a token that nobody could come in by', async () => {
    const other = createRouter({ development: true })
    for (const token of ['short', 'of words and words', '/begins-with-a-slash']) {
      const failure = await other.serveAdmin({ port: 0, token }).catch((error: Error) => error)
      expect(failure).property('name', 'ListenError')
      expect((failure as Error).message)
        .match(/16 letters/)
        .not.contain(token)
    }
    await other.close()
  })

  it('lists sessions in pages, and ends one', async () => {
    const sessions = ['ann', 'joe', 'sue'].map(authid => router.session('realm1', { authid }))
    const all = await ask('/api/realms/realm1/sessions?limit=2&offset=1')
    const rows = all.body.rows as { authid: string }[]
    expect([all.body.total, rows.map(row => row.authid)]).deep.equal([3, ['joe', 'sue']])
    const found = await ask('/api/realms/realm1/sessions?search=AN')
    expect(found.body.total).equal(1)
    const { id, closed } = sessions[0] as (typeof sessions)[0]
    const killed = await ask(`/api/realms/realm1/sessions/${id}/kill`, {
      method: 'POST',
      body: '{}',
    })
    expect([killed.status, await closed]).deep.equal([200, 'wamp.close.killed'])
    expect((await ask(`/api/realms/realm1/sessions/${id}`)).status).equal(404)
  })

  it('calls and publishes', async () => {
    const session = router.session('realm1')
    await session.register('a.sum', ([a, b]) => (a as number) + (b as number))
    const event = new Promise<unknown[]>(resolve => void session.subscribe('a.topic', resolve))
    const body = JSON.stringify({ procedure: 'a.sum', args: [2, 3] })
    const called = await ask('/api/realms/realm1/call', { method: 'POST', body })
    expect(called).deep.equal({ status: 200, body: { args: [5], kwargs: {} } })
    await ask('/api/realms/realm1/publish', {
      method: 'POST',
      body: JSON.stringify({ topic: 'a.topic', args: ['hi'] }),
    })
    expect(await event).deep.equal(['hi'])
  })

  it('tells how the process does', async () => {
    router.reload({ memory: { limit: 1 << 30 } })
    expect(() => router.reload({ memory: { limit: 'none' } } as never)).throw()
    const { body } = await ask('/api/overview')
    const { memory, cpu, loopDelay, reloads } = body
    const latency = body.latency as Record<string, { bounds: number[]; counts: number[] }>
    expect(memory).include({ limit: 1 << 30 })
    expect(cpu).above(0)
    expect(loopDelay).keys('p50', 'p99', 'max')
    expect(reloads).include({ applied: 1, refused: 1 })
    expect(Object.keys(latency)).deep.equal(['call', 'delivery'])
    for (const { bounds, counts } of Object.values(latency)) {
      expect(counts.length).equal(bounds.length + 1)
    }
  })

  it('takes no options that its sessions may not send', async () => {
    const body = JSON.stringify({ procedure: 'a.b', options: { progress: true } })
    const { status, body: problem } = await ask('/api/realms/realm1/call', { method: 'POST', body })
    expect([status, problem.error]).deep.equal([400, 'wamp.error.invalid_argument'])
  })

  it('says what is wrong with a request', async () => {
    const none = { method: 'POST', body: '{}' }
    const problems = [
      [await ask('/api/nowhere'), 404, 'nothing is at /nowhere'],
      [await ask('/api/overview', none), 405, 'only GET is for here'],
      [await ask('/api/realms/none/sessions'), 404, 'there is no realm none'],
      [await ask('/api/realms/realm1/call', none), 400, 'procedure'],
      [await ask('/api/slow?limit=x'), 400, 'limit'],
      [await ask('/api/slow?many=1'), 400, 'there is no parameter "many"'],
    ] as const
    for (const [{ status, body }, wanted, text] of problems) {
      expect(status).equal(wanted)
      expect(body.detail).contain(text)
    }
  })
})
