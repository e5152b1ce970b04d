import { readFileSync } from 'node:fs'
import { expect } from 'chai'

interface Package {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
}

const read = (name: string) => JSON.parse(readFileSync(name, 'utf8'))
const { dependencies, devDependencies } = read('package.json') as Record<
  string,
  Record<string, string>
>
const { packages } = read('package-lock.json') as { packages: Record<string, Package> }

describe('the packages that are installed', () => {
  it('are named by exact versions', () => {
    const wanted = Object.entries({ ...dependencies, ...devDependencies })
    expect(wanted.length).greaterThan(10)
    const loose = wanted.filter(([, version]) => !/^(npm:.+@)?\d+\.\d+\.\d+$/.test(version))
    expect(loose).deep.equal([])
  })

  it('have a checksum each', () => {
    const all = Object.entries(packages).filter(([path]) => path !== '')
    expect(all.length).greaterThan(100)
    const unchecked = all.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))
    expect(unchecked.map(([path]) => path)).deep.equal([])
  })

  it('have a known binary wherever the lock file names one of uWebSockets.js', () => {
    const named = Object.entries(packages)
      .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`)
      .filter(name => /^@uwsjs\/.*-\d+@/.test(name))
    expect(named).not.empty
    expect(Object.keys(read('scripts/uws-binaries.json'))).members(named)
  })
})
