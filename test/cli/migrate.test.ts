import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Wampd } from './wampd.ts'

const NEXUS = JSON.stringify({
  websocket: { address: '127.0.0.1:8080' },
  router: { realms: [{ uri: 'realm1', anonymous_auth: true, allow_disclose: true }] },
})
const NXT = [
  'realms: [{ name: realm1, roles: [] }]',
  'authenticators: { ticket: [{ authid: joe, realm: realm1, role: user, ticket: h4sh-h4sh }] }',
  'transports:',
  '- { type: websocket, listener: tcp, address: ":8080", serializers: [protobuf] }',
].join('\n')

describe('command line: migrate', function () {
  this.timeout(30_000)
  const wampd = new Wampd()

  it('writes a file that is sound, for its owner alone, and reports each key', async () => {
    const file = wampd.file('nexus.json', NEXUS)
    const run = wampd.run('migrate', 'nexus', file)
    expect(await run.exited, run.err).to.equal(0)
    expect(run.out).to.equal('')
    expect(run.err).to.match(/^converted:\n/)
    expect(run.err).to.contain(`  ${file}:1  router.realms[0].uri  -> realms[].name\n`)
    expect(run.err).to.match(/\n\d+ converted, \d+ changed, 0 dropped\nwrote wampd\.yaml; /)
    expect(statSync(join(wampd.folder, 'wampd.yaml')).mode & 0o777).to.equal(0o600)
    expect(await wampd.output('check')).to.contain('wampd.yaml is sound: 1 realm, 1 transport')
  })

  it('ends with 1 where something was dropped, and says what to do', async () => {
    const file = wampd.file('nxt.yaml', NXT)
    const run = wampd.run('migrate', 'nxt', file, '--out', '-')
    expect(await run.exited).to.equal(1)
    expect(run.out).to.contain('ticket: h4sh-h4sh')
    expect(run.err).to.not.contain('h4sh-h4sh')
    expect(run.err).to.contain(`dropped:\n  ${file}:4  transports[0].serializers[0]  `)
    expect(run.err).to.contain('      json, msgpack and cbor are there\n')
  })

  it('prints the report as JSON', async () => {
    const file = wampd.file('nxt.yaml', NXT)
    const run = wampd.run('migrate', 'nxt', file, '--json', '--out', 'new.yaml')
    expect(await run.exited).to.equal(1)
    expect(run.err).to.equal('')
    const { out, converted, dropped, variables } = JSON.parse(run.out)
    expect([out, variables]).to.deep.equal(['new.yaml', []])
    expect(converted[0]).to.deep.equal({
      ...{ file, line: 1, path: 'realms[0].name', to: 'realms[].name' },
    })
    expect(dropped).to.have.length(1)
    expect(dropped[0]).to.include({ line: 4, remedy: 'json, msgpack and cbor are there' })
  })

  it('writes nothing over a file, or without one that it can read', async () => {
    const file = wampd.file('nexus.json', NEXUS)
    wampd.file('there.yaml', 'mine')
    const lines = await Promise.all([
      wampd.failure(2, 'migrate', 'nexus', file, '--out', 'there.yaml'),
      wampd.failure(2, 'migrate', 'nexus', 'none.json', '--out', 'a.yaml'),
      wampd.failure(2, 'migrate', 'nexus', wampd.file('bad.json', '{"a": ['), '--out', 'b.yaml'),
      wampd.failure(2, 'migrate', 'nexus', file, '--out', 'no/such/folder.yaml'),
      wampd.failure(2, 'migrate', 'nexus', file, '--out', '-', '--json'),
      wampd.failure(2, 'migrate', 'nexsus', file),
    ])
    expect(lines.map(([line]) => line)).to.deep.equal([
      'there.yaml is there already; --force overwrites it',
      'none.json: no such file',
      ...lines.slice(2, 3).map(([line]) => line),
      ...lines.slice(3, 4).map(([line]) => line),
      '--json needs a file for --out: both are printed',
      "command-argument value 'nexsus' is invalid for argument 'router'. Allowed choices are crossbar, nexus, nxt.",
    ])
    expect(lines[2]?.[0]).to.match(/bad\.json:1:\d+: /)
    expect(lines[3]?.[0]).to.match(/^no\/such\/folder\.yaml cannot be written: /)
    expect(readFileSync(join(wampd.folder, 'there.yaml'), 'utf8')).to.equal('mine')
    await wampd.output('migrate', 'nexus', file, '--out', 'there.yaml', '--force')
    expect(statSync(join(wampd.folder, 'there.yaml')).mode & 0o777).to.equal(0o600)
  })
})
