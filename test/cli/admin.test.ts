import { expect } from 'chai'
import { InProcess } from './in-process.ts'
import { Wampd } from './wampd.ts'

describe('command line: admin', function () {
  this.timeout(30000)
  const wampd = new Wampd()
  const own = new InProcess(wampd)

  it('prints the link that lets into the admin page', async () => {
    const { url, link } = await own.router.serveAdmin({ port: 0 })
    expect(await wampd.output('admin')).equal(`${link}\n`)
    expect(JSON.parse(await wampd.output('admin', '--json'))).deep.equal({ link })
    const token = wampd.file('token', link.slice(link.indexOf('#') + 1))
    await wampd.output('ls', 'realms', '--url', url, '--token-file', token)
  })

  it('says that there is no admin page, or no router', async () => {
    expect(await wampd.failure(1, 'admin')).deep.equal([
      'it has no admin page: its configuration has no admin',
    ])
    await own.close()
    expect((await wampd.failure(1, 'admin'))[0]).match(/^no answer from a router at /)
  })
})
