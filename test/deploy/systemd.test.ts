import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadConfig } from '../../src/config/load.ts'
import { shipped } from '../../src/config/shipped.ts'
import { stepsOf } from './plain-build.ts'
import { lint, whyNoSystemd, whyNotHere } from './tools.ts'

const reason = whyNotHere() ?? whyNoSystemd()
if (reason !== undefined && process.env.CI && whyNotHere() === undefined) throw new Error(reason)
if (reason !== undefined) console.log(`the unit for systemd is not tried: ${reason}`)
else {
  describe('the unit for systemd', () => {
    const unit = readFileSync('deploy/wampd.service', 'utf8')
    const folder = mkdtempSync(join(tmpdir(), 'wampd-unit-'))
    // The same with a program that is there.
    const file = join(folder, 'wampd.service')
    before(() => writeFileSync(file, unit.replaceAll('/usr/bin/wampd', process.execPath)))
    after(() => rmSync(folder, { recursive: true }))

    /** All values of a key. */
    const valuesOf = (key: string) =>
      [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(match => match[1] as string)

    it('is sound', () => {
      expect(lint('systemd-analyze', 'verify', file)).deep.equal({ code: 0, said: '' })
    })

    it('leaves the router little that it could harm', () => {
      // In tenths, of 100.
      const options = ['--offline=true', '--no-pager', '--threshold=15']
      const { code, said } = lint('systemd-analyze', 'security', ...options, file)
      expect(code, said).equal(0)
    })

    it('starts the router as its image does', () => {
      const command = stepsOf('deploy/Dockerfile').find(step => step.instruction === 'CMD')
      const words: string[] = JSON.parse(command?.text as string)
      expect(valuesOf('ExecStart')).deep.equal([['/usr/bin/wampd', ...words].join(' ')])
      const config = words.at(-1)
      expect(valuesOf('ExecReload')).deep.equal([
        `/usr/bin/wampd check ${config}`,
        '/bin/kill -HUP $MAINPID',
      ])
    })

    it('waits longer than a drain takes', () => {
      const { shutdown } = loadConfig(shipped('realms/realm1.yaml'))
      const [patience] = valuesOf('TimeoutStopSec').map(Number)
      expect(patience).at.least(shutdown.grace / 1000 + 10)
    })

    it('has a folder for the control socket, where the router looks for it, closed to others', () => {
      const [name] = valuesOf('RuntimeDirectory')
      expect(valuesOf('Environment')).deep.equal([`XDG_RUNTIME_DIR=%t/${name}`])
      expect(valuesOf('RuntimeDirectoryMode')).deep.equal(['0700'])
    })
  })
}
