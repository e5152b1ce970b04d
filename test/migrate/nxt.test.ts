import { expect } from 'chai'
import { migrated } from './migrating.ts'

const ALLOW = { allow_call: true, allow_register: true, allow_publish: true, allow_subscribe: true }
const ROLE = { name: 'user', permissions: [{ uri: 'com.', match: 'prefix', ...ALLOW }] }
const USER = { authid: 'joe', realm: 'realm1', role: 'user' }
const TCP = { type: 'websocket', listener: 'tcp', address: 'localhost:8080' }

const nxt = (keys: object) =>
  migrated(
    'nxt',
    JSON.stringify({
      version: '1',
      realms: [{ name: 'realm1', roles: [ROLE] }],
      transports: [TCP],
      authenticators: { ticket: [{ ...USER, ticket: 'hush' }] },
      ...keys,
    }),
  )

type Outcome = ReturnType<typeof nxt>
const usersOf = ({ config }: Outcome) => config.authenticators.users
const rolesOf = ({ config }: Outcome) =>
  config.realms.map(({ roles }) => roles.map(({ name }) => name))
const droppedAt = ({ rows }: Outcome) =>
  rows.filter(({ fate }) => fate === 'dropped').map(({ path }) => path)

describe('migrate nxt', () => {
  it('takes over realms, users and ports', () => {
    const outcome = nxt({})
    expect(outcome.config.realms[0]?.roles[0]?.permissions[0]).to.deep.include({
      ...{ uri: 'com.', match: 'prefix' },
      allow: { call: true, register: true, publish: true, subscribe: true },
    })
    expect(usersOf(outcome)?.ticket?.principals.joe).to.deep.equal({ ticket: 'hush', role: 'user' })
    const [port] = outcome.config.transports
    expect(port?.endpoint).to.deep.include({ interface: 'localhost', port: 8080 })
    expect(Object.keys(port?.paths ?? {})).to.deep.equal(['/', '/ws'])
    expect(outcome.of('dropped')).to.deep.equal([])
  })

  it('adds rules up, as nxt does', () => {
    const permissions = [
      { uri: '', match: 'prefix', allow_call: true },
      { uri: 'com.a', match: 'exact', allow_register: true },
      { uri: 'com.a', match: 'exact', allow_publish: true },
    ]
    const outcome = nxt({ realms: [{ name: 'realm1', roles: [{ name: 'user', permissions }] }] })
    const rules = outcome.config.realms[0]?.roles[0]?.permissions ?? []
    expect(rules).to.have.length(2)
    expect(rules[1]?.allow).to.deep.equal({
      ...{ call: true, register: true, publish: true, subscribe: false },
    })
    expect(outcome.of('changed').join()).to.contain('nxt adds rules up')
  })

  it('gives users a role that only their realm has', () => {
    const outcome = nxt({
      realms: [
        { name: 'realm1', roles: [ROLE] },
        { name: 'realm2', roles: [ROLE, { ...ROLE, name: 'other' }] },
      ],
      authenticators: {
        ticket: [
          { ...USER, ticket: 'hush' },
          { ...USER, authid: 'ann', ticket: 'one' },
          { ...USER, authid: 'ann', ticket: 'one', realm: 'realm2', role: 'other' },
          { ...USER, authid: 'ann', ticket: 'two', realm: 'realm2' },
        ],
        anonymous: [
          { authid: 'x', realm: 'realm1', role: 'user' },
          { authid: 'y', realm: 'realm2', role: 'user' },
        ],
      },
    })
    const { anonymous, ticket } = usersOf(outcome) ?? {}
    expect(anonymous?.role).to.equal('user')
    expect(ticket?.principals.joe?.role).to.equal('user@realm1')
    expect(ticket?.principals.ann?.role).to.equal('user@realm1+other@realm2')
    expect(rolesOf(outcome)).to.deep.equal([
      ['user', 'user@realm1', 'user@realm1+other@realm2'],
      ['user', 'other', 'user@realm1+other@realm2'],
    ])
    expect(droppedAt(outcome)).to.deep.equal(['authenticators.ticket[3]'])
  })

  it('lets in who has a role that the realm does not have, and no further', () => {
    const outcome = nxt({
      authenticators: {
        ticket: [
          { ...USER, ticket: 'a', role: 'none' },
          { ...USER, authid: 'tom', ticket: 'b', role: 'trusted' },
          { ...USER, authid: 'ann', ticket: 'c', realm: 'nowhere' },
        ],
      },
    })
    expect(rolesOf(outcome)).to.deep.equal([['user', 'none', 'trusted']])
    expect(outcome.config.realms[0]?.roles[1]?.permissions).to.deep.equal([])
    expect(droppedAt(outcome)).to.deep.equal(['authenticators.ticket[2]'])
  })

  it('makes salted keys of passwords, whatever they look like', () => {
    const wampcra = [{ ...USER, secret: 'prq7+YkJ1/KlW1X0YczMHw==', salt: 's', keylen: 16 }]
    const outcome = nxt({ authenticators: { wampcra } })
    const user = usersOf(outcome)?.wampcra?.principals.joe
    expect(user?.secret).to.match(/^[\w+/]{22}==$/)
    expect(user?.secret).to.not.equal(wampcra[0]?.secret)
    expect(user?.iterations).to.equal(1000)
  })

  it('knows no variables', () => {
    const ticket = '$' + '{HOME}'
    const outcome = nxt({ authenticators: { ticket: [{ ...USER, ticket }] } })
    expect(usersOf(outcome)?.ticket?.principals.joe?.ticket).to.equal(ticket)
    expect(outcome.variables).to.deep.equal([])
  })

  it('takes over each type of transport', () => {
    const outcome = nxt({
      transports: [
        {
          type: 'universal',
          listener: 'tcp',
          address: ':8080',
          serializers: ['json', 'capnproto'],
        },
        { type: 'rawsocket', listener: 'unix', address: '~/nxt.sock' },
        { type: 'rawsocket', listener: 'tcp', address: 'nowhere' },
        { type: 'quic', listener: 'tcp', address: ':1' },
        { ...TCP, address: 'localhost:8082', ratelimit: { rate: 10, interval: 1 } },
      ],
    })
    const [universal, unix] = outcome.config.transports
    expect(universal).to.deep.include({ type: 'web', rawsocket: true, serializers: ['json'] })
    expect(unix?.type).to.equal('rawsocket')
    expect(outcome.variables).to.deep.equal(['HOME'])
    expect(droppedAt(outcome)).to.deep.equal([
      'transports[0].serializers[1]',
      'transports[2].address',
      'transports[3]',
      'transports[4].ratelimit',
    ])
  })

  it('opens nothing where nobody could come in', () => {
    const outcome = nxt({ authenticators: {} })
    expect(outcome.config.transports).to.deep.equal([])
    expect(droppedAt(outcome)).to.deep.equal(['transports[0]'])
  })
})
