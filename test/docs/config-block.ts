import { mkdirSync } from 'node:fs'
import { parse } from 'yaml'
import { parseConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'

const permissions = [{ uri: 'com.example.', match: 'prefix', allow: { call: true } }]
const roles = ['app', 'user'].map(name => ({ name, permissions }))
const REALMS = ['realm1', 'com.example.app'].map(name => ({ name, roles }))

const type = 'web'
const auth = ['users']
const WS = { '/ws': { websocket: {} } }

/** Where a fragment belongs: the mark of its block. */
const PLACES: Record<string, (keys: object) => object> = {
  part: keys => keys,
  realm: keys => ({ realms: [{ ...REALMS[0], ...keys }] }),
  transport: keys => ({ transports: [{ type, auth, paths: WS, ...keys }] }),
  paths: paths => ({ transports: [{ type, auth, paths }] }),
}

/** Files that the documents name, and those that the tests have in their place. */
const FILES: Record<string, string> = {
  '/etc/wampd/server.crt': 'test/fixtures/localhost.crt',
  '/etc/wampd/server.key': 'test/fixtures/localhost.key',
  '/etc/wampd/app.crt': 'test/fixtures/localhost.crt',
  '/etc/wampd/app.key': 'test/fixtures/localhost.key',
  '/etc/wampd/devices-ca.crt': 'test/fixtures/client.crt',
}

/**
 * Reads a block as a configuration in a folder; throws on what is wrong with it. `place` is its mark, where it
 * is a part only: what it takes for granted is added.
 */
export function configOf(yaml: string, folder: string, place?: string): Config {
  const here = Object.entries(FILES).reduce(
    (text, [path, fixture]) => text.replaceAll(path, `${process.cwd()}/${fixture}`),
    yaml,
  )
  // What the documents serve to pages.
  if (place !== undefined) mkdirSync(`${folder}/public`, { recursive: true })
  const names = [...here.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name)
  const env = Object.fromEntries(names.map(name => [name, 'a text of some sixteen characters']))
  const text = place === undefined ? here : JSON.stringify(completed(parse(here), place))
  return parseConfig(text, `${folder}/block.yaml`, env).config
}

interface Part {
  realms?: { name: string }[]
  authenticators?: object
  transports?: { auth?: string[] }[]
}

/** With realms, and what its transports name and it does not say. */
function completed(keys: object, place: string): object {
  const wrap = PLACES[place]
  if (wrap === undefined) throw new Error(`no place "${place}": ${Object.keys(PLACES)}`)
  const { realms = [], authenticators = {}, transports = [], ...rest } = wrap(keys) as Part
  const others = REALMS.filter(({ name }) => !realms.some(realm => realm.name === name))
  const named = transports.flatMap(one => one.auth ?? auth)
  const known = Object.fromEntries(named.map(name => [name, { anonymous: { role: 'app' } }]))
  return {
    version: 1,
    ...rest,
    realms: [...realms, ...others],
    authenticators: { ...known, ...authenticators },
    transports: transports.map(one => ({ type: 'websocket', auth, ...one })),
  }
}
