import { connect } from 'node:tls'
import { expect } from 'chai'
import { createRouter, type Router } from '../../../src/router.ts'
import { hangUp, remember } from '../../helpers/raw-client.ts'
import { frameOf } from './stomp-client.ts'

describe('STOMP over TLS', () => {
  let router: Router
  afterEach(async () => {
    hangUp()
    await router.close({ grace: 0 })
  })

  it('is on a port of its own', async () => {
    router = createRouter({ development: true })
    const tls = { certificate: 'test/fixtures/localhost.crt', key: 'test/fixtures/localhost.key' }
    const { port, url } = await router.listen({ type: 'stomp', port: 0, realm: 'realm1', tls })
    expect(url).equal(`stomps://127.0.0.1:${port}`)
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    remember(socket)
    socket.write(frameOf('CONNECT', { 'accept-version': '1.2', host: 'localhost' }))
    const [first] = (await new Promise<Buffer[]>(resolve =>
      socket.once('data', data => resolve([data])),
    )) as [Buffer]
    expect(first.toString()).match(/^CONNECTED\nversion:1.2\n/)
    socket.end(frameOf('DISCONNECT', { receipt: 'r' }))
    const rest: Buffer[] = []
    socket.on('data', data => rest.push(data))
    await new Promise(resolve => socket.once('close', resolve))
    expect(Buffer.concat(rest).toString()).contain('receipt-id:r')
  })
})
