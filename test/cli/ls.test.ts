import { expect } from 'chai'
import { InProcess } from './in-process.ts'
import { describeOnTerminal, onTerminal } from './terminal.ts'
import { type Client, hello, OPEN, urlOf, Wampd } from './wampd.ts'

/** A realm whose name has what paths and queries do not. */
const ODD = 'odd/realm?x=1#%2F'

describe('command line: ls', function () {
  this.timeout(30000)
  const wampd = new Wampd()
  const own = new InProcess(wampd)

  /** What a verb prints, in the columns of its lines. */
  const table = async (...args: string[]) =>
    (await wampd.output('ls', ...args))
      .trimEnd()
      .split('\n')
      .map(line => line.trim().split(/ {2,}/))

  const json = async (...args: string[]) =>
    (await wampd.output('ls', ...args, '--json'))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>)

  it('lists realms, all or one', async () => {
    own.join('realm1', 'ann', 'joe')
    own.join(ODD, 'sue')
    const heading = [
      'realm',
      'sessions',
      'subscriptions',
      'registrations',
      'calls',
      'refused',
      'roles',
    ]
    const rows = [
      ['realm1', '2', '0', '0', '0', '0', 'anonymous'],
      [ODD, '1', '0', '0', '0', '0', 'anonymous'],
    ]
    expect(await table('realms')).deep.equal([heading, ...rows])
    expect(await table('realms', ODD)).deep.equal([heading, rows[1]])
    expect(await table('realms', '--search', 'LM1')).deep.equal([heading, rows[0]])
    expect(await json('realms', '--limit', '1')).deep.equal([
      {
        ...{ name: 'realm1', sessions: 2, subscriptions: 0, registrations: 0, calls: 0 },
        ...{ refused: 0, roles: ['anonymous'] },
      },
    ])
    expect(await wampd.failure(1, 'ls', 'realms', 'none')).deep.equal(['there is no realm none'])
  })

  it('lists sessions of all realms or of one, and finds some', async () => {
    const [ann, joe] = own.join('realm1', 'ann', 'joe')
    const [sue] = own.join(ODD, 'sue')
    const rows = [
      ['realm1', `${ann?.id}`, 'ann', 'trusted', 'local', '0', '0', '0'],
      ['realm1', `${joe?.id}`, 'joe', 'trusted', 'local', '0', '0', '0'],
      [ODD, `${sue?.id}`, 'sue', 'trusted', 'local', '0', '0', '0'],
    ]
    const [heading, ...all] = await table('sessions')
    expect(heading?.slice(0, 4)).deep.equal(['realm', 'session', 'authid', 'authrole'])
    expect(all).deep.equal(rows)
    const [, ...some] = await table('sessions', '--search', 'JO')
    expect(some).deep.equal([rows[1]])
    const [, ...odd] = await table('sessions', '--realm', ODD)
    expect(odd).deep.equal([rows[2]?.slice(1)])
    const two = await json('sessions', '--limit', '2')
    expect(two.map(({ realm, session }) => [realm, session])).deep.equal([
      ['realm1', ann?.id],
      ['realm1', joe?.id],
    ])
  })

  it('lists registrations and subscriptions, and shows one with whom it belongs to', async () => {
    const [ann] = own.join('realm1', 'ann')
    await ann?.register('a.b', () => 1)
    await ann?.subscribe('', () => {}, { match: 'prefix' })
    const [, registration] = await table('registrations')
    expect(registration?.join(' ')).match(/^realm1 1 a\.b exact single \d+s 1 0 0$/)
    const [, subscription] = await table('subscriptions')
    expect(subscription?.join(' ')).match(/^realm1 1 "" prefix \d+s 1$/)
    const [one] = await json('registrations', '1')
    expect(one).deep.include({ realm: 'realm1', registration: 1, uri: 'a.b' })
    expect(one?.served).deep.equal([
      { session: ann?.id, authid: 'ann', authrole: 'trusted', pending: 0, concurrency: null },
    ])
    const text = await wampd.output('ls', 'subscriptions', '1', '--realm', 'realm1')
    expect(text).match(/^subscription +1\n/)
    expect(text).match(new RegExp(`\nsubscribers\n  ${ann?.id}  ann  trusted\n$`))
    const session = await wampd.output('ls', 'sessions', `${ann?.id}`)
    expect(session).match(/\nauthid +ann\n/)
    expect(session).match(/\nsubscriptions\n {2}1 {2}"" {2}prefix\n/)
    expect(session).match(/\nregistrations\n {2}1 {2}a\.b {2}exact {2}0 pending\n$/)
  })

  it('shows ids that several realms have', async () => {
    for (const realm of ['realm1', ODD]) {
      const [session] = own.join(realm, 'ann')
      await session?.register('a.b', () => 1)
    }
    const both = await json('registrations', '1')
    expect(both.map(({ realm }) => realm)).deep.equal(['realm1', ODD])
    const [one, ...others] = await json('registrations', '1', '--realm', ODD)
    expect([one?.realm, others]).deep.equal([ODD, []])
  })

  it('keeps what names of others do from the terminal', async () => {
    own.join('realm1', 'a\x1b[2J\nb')
    const [, row] = await table('sessions')
    expect(row?.[2]).equal('a\\u001b[2J\\nb')
  })

  it('says that there is nothing, or no such thing', async () => {
    own.join('realm1')
    own.router.session('realm1').close()
    const run = wampd.run('ls', 'sessions')
    expect([await run.exited, run.out, run.err]).deep.equal([0, '', 'no sessions\n'])
    expect(await wampd.output('ls', 'sessions', '--json')).equal('')
    expect(await wampd.failure(1, 'ls', 'sessions', '12')).deep.equal(['there is no session 12'])
    expect(await wampd.failure(1, 'ls', 'sessions', '12', '--realm', 'realm1')).deep.equal([
      'there is no session 12',
    ])
    for (const args of [['sessions'], ['registrations', '1']]) {
      expect(await wampd.failure(1, 'ls', ...args, '--realm', 'none')).deep.equal([
        'there is no realm none',
      ])
    }
  })

  it('lists 20,000 sessions, in pages that do not hold the router up', async () => {
    for (let i = 0; i < 20_000; i++) own.router.session(`r${i % 3}`, { authid: `user${i}` })
    const run = wampd.run('ls', 'sessions', '--json')
    expect(await run.exited).equal(0)
    const pages = own.asked.filter(url => /sessions\?offset=\d+&limit=1000$/.test(url))
    expect(pages).length(3 * 7)
    expect(own.asked).length(1 + pages.length)
    const ids = new Set(
      run.out
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).session),
    )
    expect(ids.size).equal(20_000)
    const lines = (await wampd.output('ls', 'sessions')).trimEnd().split('\n')
    expect(lines).length(20_001)
    expect(new Set(lines.map(line => line.length)).size).equal(1)
  })

  describeOnTerminal('on a terminal', () => {
    it('cuts lines to its width', async () => {
      own.join('realm1', 'a'.repeat(100))
      await own.router.session('realm1').subscribe(`a.${'b'.repeat(100)}`, () => {})
      const lists = ['realms', 'sessions', 'subscriptions']
      for (const args of [...lists.map(what => [what]), ['subscriptions', '1']]) {
        const run = onTerminal(wampd, [24, 60], 'ls', ...args)
        expect(await run.exited).equal(0)
        const lines = run.screen()
        for (const line of lines) expect(line).length.at.most(60)
        if (args[0] !== 'realms') expect(lines.join('\n')).contain('…')
        expect(await wampd.output('ls', ...args)).not.contain('…')
      }
    })
  })

  it('refuses what does not fit', async () => {
    const wrong: [string[], string][] = [
      [['ls'], "missing required argument 'what'"],
      [['ls', 'session'], 'Allowed choices are realms, sessions, registrations, subscriptions.'],
      [
        ['ls', 'sessions', 'ann'],
        "'ann' is no id, which is a whole number; --search looks for a text",
      ],
      [['ls', 'sessions', '99999999999999999'], 'is no id'],
      [['ls', 'sessions', '1', '--search', 'a'], '--search is for lists, not for one'],
      [['ls', 'sessions', '1', '--limit', '1'], '--limit is for lists, not for one'],
      [['ls', 'realms', '--realm', 'a'], '--realm: for one realm, wampd ls realms a'],
      [['ls', 'sessions', '--limit', '0'], 'whole number from 1'],
      [['ls', 'sessions', '--token-file', 'f'], '--token-file needs --url'],
      [['ls', 'sessions', '--url', 'x'], '--url: x is no http: or https: URL'],
      [['ls', 'sessions', '--url', 'ws://x/'], '--url: ws://x/ is no http: or https: URL'],
      [['ls', 'sessions', '--url', 'http://x/#abc'], 'a URL holds no token here'],
      [['ls', 'sessions', '--url', 'http://x/?a'], 'has a query'],
      [['ls', 'sessions', '--url', 'http://x/', '--socket', 's'], '--socket and --url exclude'],
      [['ls', 'sessions', '--url', 'http://x/', '--token-file', 'none'], '--token-file: ENOENT'],
    ]
    await Promise.all(
      wrong.map(async ([args, text]) => {
        const [line] = await wampd.failure(2, ...args)
        expect(line).contain(text)
      }),
    )
  })
})

describe('command line: a router to ask', function () {
  this.timeout(30000)
  const wampd = new Wampd()
  const TOKEN = 'a-token-for-these-tests'
  const ADMIN = `${OPEN}admin: { endpoint: { port: 0 }, token: ${TOKEN} }\n`

  const clients: Client[] = []
  afterEach(() => {
    for (const { socket } of clients.splice(0)) socket.terminate()
  })

  /** A router with one session, and the URL of its admin endpoint. */
  async function start(): Promise<string> {
    const run = wampd.run('start', '-c', wampd.file('a.yaml', ADMIN))
    clients.push(await hello(await urlOf(run), 'a'))
    return /admin page: (\S+)/.exec(run.out)?.[1] as string
  }

  const sessions = ['ls', 'sessions', '--json']

  it('is found by its socket, or by URL and token', async () => {
    const url = await start()
    const file = wampd.file('token', `${TOKEN}\n`)
    const byEnv = { WAMPD_ADMIN_URL: url, WAMPD_ADMIN_TOKEN: TOKEN, XDG_RUNTIME_DIR: '/nowhere' }
    const runs = [
      wampd.run(...sessions),
      wampd.run(...sessions, '--url', url, '--token-file', file),
      wampd.runWith({ WAMPD_SOCKET: '/nowhere' }, ...sessions, '--url', url, '--token-file', file),
      wampd.runWith(byEnv, ...sessions),
      wampd.runWith(
        { ...byEnv, WAMPD_ADMIN_URL: 'http://127.0.0.1:1/' },
        ...[...sessions, '--socket', `${wampd.folder}/wampd.sock`],
      ),
    ]
    for (const run of runs) {
      expect(await run.exited, run.err).equal(0)
      expect(JSON.parse(run.out)).include({ realm: 'a', authrole: 'guest', transport: 'websocket' })
    }
  })

  it('says which token it does not take', async () => {
    const url = await start()
    const file = wampd.file('token', 'another')
    const [none, wrong] = await Promise.all([
      wampd.failure(1, ...sessions, '--url', url),
      wampd.failure(1, ...sessions, '--url', url, '--token-file', file),
    ])
    expect(none).deep.equal([
      `${url} asks for a token: give --token-file FILE, or set WAMPD_ADMIN_TOKEN`,
    ])
    expect(wrong).deep.equal([`${url} does not take the token of ${file}`])
    const empty = wampd.file('empty', ' \n')
    expect(await wampd.failure(2, ...sessions, '--url', url, '--token-file', empty)).deep.equal([
      `--token-file: ${empty} holds no token`,
    ])
  })

  it('that is gone is said to be', async () => {
    const [bySocket, byUrl] = await Promise.all([
      wampd.failure(1, ...sessions),
      wampd.failure(1, ...sessions, '--url', 'http://127.0.0.1:1'),
    ])
    expect(bySocket).length(1)
    // The socket may still lie there.
    expect(bySocket[0]).match(/^no answer from a router at .*wampd\.sock: nothing runs there/)
    expect(byUrl).deep.equal([
      'no answer from a router at http://127.0.0.1:1/: nothing listens there',
    ])
  })
})
