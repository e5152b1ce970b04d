import { expect } from 'chai'
import { migrated } from './migrating.ts'

const RULE = { uri: 'com.example.', match: 'prefix', allow: { call: true } }

/** A node with one router: its realm has a role `user`, its port is on WebSocket. */
function node(parts: { realm?: object; role?: object; transport?: object; worker?: object } = {}) {
  const role = { name: 'anonymous', permissions: [RULE], ...parts.role }
  return JSON.stringify({
    version: 2,
    workers: [
      {
        type: 'router',
        realms: [{ name: 'realm1', roles: [role], ...parts.realm }],
        transports: [
          {
            type: 'websocket',
            endpoint: { type: 'tcp', port: 8080, interface: '127.0.0.1' },
            ...parts.transport,
          },
        ],
        ...parts.worker,
      },
    ],
  })
}

describe('migrate crossbar: realms', () => {
  it('takes over realms, roles and rules', () => {
    const { config, of } = migrated('crossbar', node())
    expect(config.realms[0]?.name).to.equal('realm1')
    expect(config.realms[0]?.roles[0]?.permissions[0]).to.deep.include({
      uri: 'com.example.',
      match: 'prefix',
    })
    expect(of('dropped')).to.deep.equal([])
  })
})
