import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { parse } from 'yaml'
import { craSecret, type ScramOptions, scramSecret } from '../../src/auth/secrets.ts'
import { parseConfig } from '../../src/config/load.ts'
import type { Config, ConfigInput } from '../../src/config/schema.ts'

const text = readFileSync('docs/security.md', 'utf8')
const PASSWORD = 'correct horse'

/** The recipes, by the heading above each. */
const recipes = [...text.matchAll(/^##+ ([^\n]+)$|^```yaml\n(.*?)^```$/gms)]
  .reduce(
    (found, [, heading, yaml]) => {
      if (heading !== undefined) found.push({ heading, yaml: '' })
      const last = found.at(-1)
      if (yaml !== undefined && last !== undefined) last.yaml = yaml
      return found
    },
    [] as { heading: string; yaml: string }[],
  )
  .filter(({ yaml }) => yaml !== '')

const allow = { call: true }
const APP = {
  name: 'com.example.app',
  roles: [{ name: 'app', permissions: [{ uri: 'a', allow }] }],
}
const FILES: Record<string, string> = {
  '/etc/wampd/server.crt': 'test/fixtures/localhost.crt',
  '/etc/wampd/server.key': 'test/fixtures/localhost.key',
  '/etc/wampd/devices-ca.crt': 'test/fixtures/client.crt',
}

/** A recipe with what it takes for granted: a realm, and transports where there are none. */
function configOf(yaml: string): Config {
  const files = Object.entries(FILES)
  const here = files.reduce(
    (all, [path, fixture]) => all.replace(path, `${process.cwd()}/${fixture}`),
    yaml,
  )
  const part = parse(here) as Omit<ConfigInput, 'version'>
  const realms = part.realms ?? []
  const isThere = realms.some(({ name }) => name === APP.name)
  const whole = { version: 1, ...part, realms: isThere ? realms : [...realms, APP] }
  const env = { JOE_TICKET: 'a', BACKEND_TICKET: 'b', SEED: 'a seed of sixteen characters' }
  return parseConfig(JSON.stringify(whole), 'recipe.json', env).config
}

const recipe = (heading: string) =>
  configOf(recipes.find(one => one.heading === heading)?.yaml ?? expect.fail(`no ${heading}`))

describe('docs/security.md', () => {
  it('has a recipe for each method', () => {
    const methods = recipes.flatMap(({ yaml }) =>
      Object.values(configOf(yaml).authenticators).flatMap(one => Object.keys(one)),
    )
    expect([...new Set(methods)].sort()).deep.equal([
      ...['anonymous', 'cryptosign', 'dynamic', 'jwt', 'scram'],
      ...['ticket', 'tls', 'wamp-scram', 'wampcra'],
    ])
  })

  for (const { heading, yaml } of recipes) {
    it(`has a recipe that is a sound configuration: ${heading}`, () => {
      configOf(yaml)
    })
  }

  it('names secrets that are those of the password', async () => {
    const joe = recipe('wampcra').authenticators.users?.wampcra?.principals.joe
    const { role, ...cra } = joe as NonNullable<typeof joe>
    expect(role).equal('app')
    expect(await craSecret(PASSWORD, 10_000, cra.salt)).deep.equal(cra)
    const { users } = recipe('wamp-scram and scram').authenticators
    for (const method of ['wamp-scram', 'scram'] as const) {
      const { role: _, ...scram } = users?.[method]?.principals.joe ?? {}
      const options = { method, ...scram } as ScramOptions
      expect(await scramSecret(PASSWORD, options), method).deep.equal(scram)
    }
  })
})
