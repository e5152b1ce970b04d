import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import { errorLog } from '../helpers/error-log.ts'
import { ask, openPoll, pollMember, post } from '../helpers/poll-client.ts'
import { hangUp, member, pause } from '../helpers/raw-client.ts'

describe("requests of an application's own server", () => {
  const log = errorLog()
  let router: Router
  let server: Server

  const serve = async (listener: RequestListener) => {
    server = createServer(listener)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  beforeEach(() => {
    router = createRouter({ development: true, logger: log })
  })
  afterEach(async () => {
    hangUp()
    await router.close({ grace: 100 })
    await new Promise(resolve => server.close(resolve))
    expect(log.errors).deep.equal([])
  })

  it('are answered below the paths, and others go to the application', async () => {
    const handle = router.handler({ paths: { '/lp': { longpoll: {} } } })
    const url = await serve((request, response) => {
      handle(request, response, () => response.end('of the application'))
    })
    router.attach(server)
    const client = await pollMember(`${url}/lp`)
    const other = await member(`${url.replace('http', 'ws')}/ws`)
    await client.ask([64, 1, {}, 'a.procedure'])
    other.send([48, 1, {}, 'a.procedure', [1]])
    expect((await client.next())[4]).deep.equal([1])
    expect((await ask('GET', `${url}/else`)).body.toString()).equal('of the application')
    await other.close()
  })

  it('get 404 at other paths where nobody else answers', async () => {
    const url = await serve(router.handler({ paths: { '/lp': { longpoll: {} } } }))
    expect((await post(`${url}/else`)).status).equal(404)
  })

  it('may come with the path cut off that they were mounted at', async () => {
    const handle = router.handler({ paths: { '/': { longpoll: {} } } })
    const url = await serve((request, response) => {
      request.url = (request.url ?? '').slice('/mounted'.length) || '/'
      handle(request, response)
    })
    const client = await pollMember(`${url}/mounted`)
    expect((await client.ask([64, 1, {}, 'a.procedure']))[0]).equal(65)
  })

  it('are refused where something has read their bodies before', async () => {
    const handle = router.handler({ paths: { '/lp': { longpoll: {} } } })
    const url = await serve((request, response) => {
      request.resume().on('end', () => handle(request, response))
    })
    const failure = await openPoll(`${url}/lp`).catch(error => error)
    expect(failure.message).equal('500 something before the router has read the body\n')
  })

  it('may be answered by the application that finds them too slow, and nothing is lost', async () => {
    const handle = router.handler({ paths: { '/lp': { longpoll: { request_timeout: 200 } } } })
    let answersItself = false
    const url = await serve((request, response) => {
      handle(request, response)
      if (answersItself && request.url?.endsWith('/receive')) {
        // In part: the answer is never finished.
        response.writeHead(503).write('too slow')
      }
    })
    const client = await pollMember(`${url}/lp`)
    await client.ask([32, 1, {}, 'a.topic'])
    answersItself = true
    const poll = client.poll().catch(() => {})
    await pause(50)
    await router.session('realm1').publish('a.topic', ['kept'])
    await pause(300)
    answersItself = false
    expect((await client.next())[4]).deep.equal(['kept'])
    hangUp()
    server.closeAllConnections()
    await poll
  })

  it('end when the router closes, and are refused from then on', async () => {
    const url = await serve(router.handler({ paths: { '/lp': { longpoll: {} } } }))
    const client = await pollMember(`${url}/lp`)
    const poll = client.poll()
    await pause(30)
    await router.close()
    expect((await poll).body.toString()).equal('1012 the router restarts\n')
    expect((await post(`${url}/lp/open`, '{"protocols":["wamp.2.json"]}')).status).equal(503)
  })
})
