import { expect } from 'chai'
import { ConfigError } from '../../src/config/problem.ts'
import { migrate, type OldRouter } from '../../src/migrate/migrate.ts'
import { migrated } from './migrating.ts'

/** What is said of a source that cannot be read. */
function refusal(text: string, router: OldRouter = 'crossbar'): string {
  try {
    migrate(router, text, { file: 'old.json', out: 'wampd.yaml', env: {} })
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError)
    return (error as ConfigError).message
  }
  return 'nothing'
}

const REALM = '{"uri": "a", "anonymous_auth": true}'

describe('migrate: sources', () => {
  it('reads JSON with a mark of its order, with tabs and with comments', () => {
    const text = [
      '\uFEFF// "a quoted" comment',
      '{\t"router": { /* "realms": [1] */',
      `\t\t"realms": [${REALM}], // http://example.com`,
      '\t\t"debug": true }, "log_path": "http://x//y" }',
    ].join('\n')
    const { config, rows } = migrated('nexus', text)
    expect(config.realms.map(({ name }) => name)).to.deep.equal(['a'])
    expect(config.log.level).to.equal('debug')
    expect(rows.find(({ path }) => path === 'router.debug')?.line).to.equal(4)
    expect(rows.find(({ path }) => path === 'log_path')?.fate).to.equal('dropped')
  })

  it('takes the last of two keys, and says so', () => {
    const text = `{"router": {"realms": [],\n"realms": [${REALM}],\n"debug": false, "Debug": true}}`
    const { config, of } = migrated('nexus', text)
    expect(config.realms).to.have.length(1)
    expect(config.log.level).to.equal('debug')
    expect(of('changed').join('\n')).to.contain('stands twice; the last one counts (line 2)')
    expect(of('changed').join('\n')).to.contain('stands twice; the last one counts (line 3)')
  })

  it('follows aliases, and gives each row the line where the alias is', () => {
    const text = [
      'x: &r { name: a, roles: [] }',
      'workers:',
      '- type: router',
      '  realms:',
      '  - *r',
    ].join('\n')
    const { config, of } = migrated('crossbar', text)
    expect(config.realms.map(({ name }) => name)).to.deep.equal(['a'])
    expect(of('converted').join()).to.contain('workers[0].realms[0].name')
    expect(of('dropped')).to.deep.equal(['1 x: is a key that is not known'])
  })

  it('takes passwords that look like numbers as they are written', () => {
    const text = [
      'realms: [{ name: realm1, roles: [{ name: user }] }]',
      'transports: [{ type: rawsocket, listener: tcp, address: "localhost:1" }]',
      'authenticators: { ticket: [{ authid: 007, realm: realm1, role: user, ticket: 1.10 }] }',
    ].join('\n')
    const { config } = migrated('nxt', text)
    expect(config.authenticators.users?.ticket?.principals['007']?.ticket).to.equal('1.10')
  })

  it('says what is wrong with a source, in a line without its contents', () => {
    const bomb = ['a: &a [x, x]', 'b: &b [*a, *a, *a, *a]']
    for (let i = 0; i < 12; i++)
      bomb.push(`b${i}: &b${i} [${`*b${i - 1 < 0 ? '' : i - 1}, `.repeat(8)}]`)
    const cases: [text: string, said: RegExp][] = [
      ['', /^old\.json: is empty$/],
      ['[]', /is no configuration: expected keys with values/],
      ['hush', /is no configuration/],
      ['{"a": "hush', /^old\.json:1:\d+: /],
      ['a: *hush', /^old\.json: is no configuration|nothing/],
      ['a: &a [*a]', /is nested too deeply/],
      [`{"a": ${'['.repeat(100)}${']'.repeat(100)}}`, /is nested too deeply/],
      [`{"a": ${'['.repeat(4000)}`, /is nested too deeply$/],
      [bomb.join('\n'), /is too large|is nested too deeply/],
    ]
    for (const [text, said] of cases) {
      const message = refusal(text)
      expect(message, text.slice(0, 40)).to.match(said)
      expect(message).to.not.contain('hush')
    }
  })

  it('takes values of the wrong type for missing, and says so without them', () => {
    const text = JSON.stringify({
      version: 'hush',
      workers: [
        'hush',
        { type: 'router', realms: 'hush', transports: { a: 'hush' } },
        { type: 'router', realms: ['hush', { name: { x: 'hush' } }, { name: 'a', roles: 'hush' }] },
        { type: ['hush'] },
      ],
    })
    const { rows, config } = migrated('crossbar', text)
    expect(config.realms.map(({ name }) => name)).to.deep.equal(['a'])
    expect(JSON.stringify(rows)).to.not.contain('hush')
    expect(rows.filter(({ text }) => text?.startsWith('expected'))).to.have.length(8)
  })
})
