import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'chai'
import { parse } from 'yaml'
import { explain, type Query } from '../../src/config/explain.ts'
import { ConfigError, type Loaded, readConfig } from '../../src/config/load.ts'
import { shipped } from '../../src/config/shipped.ts'

const EXAMPLES = ['realm1.yaml', 'production.yaml', 'multi-realm.yaml', 'proxy.yaml']
const INCLUDED = ['multi-realm/orders.yaml', 'multi-realm/sensors.yaml']

/** What the examples ask of their surroundings. */
const ENV = {
  ANN_TICKET: 'a',
  JOE_TICKET: 'j',
  ORDERS_TICKET: 'o',
  SENSORS_TICKET: 's',
  BACKEND_TICKET: 'b',
  TLS_CERTIFICATE: resolve('test/fixtures/localhost.crt'),
  TLS_KEY: resolve('test/fixtures/localhost.key'),
}

describe('the examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wampd-examples-'))
  before(() => {
    cpSync(shipped('realms'), folder, { recursive: true })
    mkdirSync(join(folder, 'secrets'))
    writeFileSync(join(folder, 'secrets', 'billing'), 'b1lling\n')
  })
  after(() => rmSync(folder, { recursive: true }))
  const read = (name: string) => readConfig(join(folder, name), ENV)
  const text = (name: string) => readFileSync(join(folder, name), 'utf8')

  for (const name of EXAMPLES) {
    it(`${name} is sound, and lets somebody in`, () => {
      const { config } = read(name)
      expect(config.transports).not.empty
      expect(Object.keys(config.authenticators)).not.empty
      expect(config.realms.flatMap(({ roles }) => roles)).not.empty
    })

    it(`${name} is refused without what it asks for, or with a misspelled key`, () => {
      if (text(name).includes('${'))
        expect(() => readConfig(join(folder, name), {})).throw('not set')
      writeFileSync(join(folder, 'typo.yaml'), text(name).replace('transports:', 'transport:'))
      expect(() => read('typo.yaml')).throw(ConfigError, 'did you mean "transports"?')
    })
  }

  it('have the secrets of their surroundings', () => {
    const { services, people } = read('production.yaml').config.authenticators
    expect(services?.ticket?.principals.billing?.ticket).equal('b1lling')
    expect(people?.ticket?.principals.joe?.ticket).equal('j')
  })

  it('have the rules that their comments tell of', () => {
    const may = (loaded: Loaded, authid: string, action: Query['action'], uri: string) =>
      explain(loaded, { authid, action, uri }).filter(({ allowed }) => allowed).length > 0
    const production = read('production.yaml')
    expect(may(production, 'joe', 'call', 'com.example.public.time')).equal(true)
    expect(may(production, 'joe', 'call', 'com.example.public.rebuild')).equal(false)
    expect(may(production, 'joe', 'publish', 'com.example.public.news')).equal(false)
    expect(may(production, 'joe', 'subscribe', 'com.example.orders.7.status')).equal(true)
    expect(may(production, 'billing', 'publish', 'com.example.orders.7.status')).equal(true)
    expect(may(production, 'billing', 'call', 'wamp.session.count')).equal(true)
    expect(may(production, 'billing', 'call', 'wamp.registration.list')).equal(false)
    const many = read('multi-realm.yaml')
    expect(many.files).deep.equal(['multi-realm.yaml', ...INCLUDED].map(name => join(folder, name)))
    expect(may(many, 'anonymous', 'call', 'com.example.orders.place')).equal(true)
    expect(may(many, 'anonymous', 'call', 'com.example.sensors.list')).equal(false)
    expect(may(many, 'sensors', 'call', 'com.example.sensors.list')).equal(true)
    const proxied = read('proxy.yaml')
    expect(may(proxied, 'anonymous', 'call', 'com.example.public.time')).equal(true)
    expect(proxied.config.transports.map(({ endpoint }) => endpoint.interface)).deep.equal([
      '127.0.0.1',
      '127.0.0.1',
    ])
  })

  it('name their schema to editors', () => {
    for (const name of EXAMPLES)
      expect(text(name)).match(/^# yaml-.*\$schema=\.\/wampd\.schema\.json\n/)
    for (const name of INCLUDED) expect(text(name)).match(/^# yaml-.*\$schema=\.\.\/wampd\.schema/)
  })
})

describe('the JSON Schema that ships', () => {
  const schema = JSON.parse(readFileSync(shipped('realms/wampd.schema.json'), 'utf8'))
  // Strict: a word that is not of the standard is an error.
  const isValid = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(
    schema,
  )
  const example = (name: string) => readFileSync(shipped(`realms/${name}`), 'utf8')

  it('is that of the sources, as the documentation is', () => {
    execFileSync(process.execPath, ['scripts/generate.mjs', '--check'])
  })

  it('is one of the 2020-12 draft, without a word of our own', () => {
    expect(schema.$schema).equal('https://json-schema.org/draft/2020-12/schema')
    expect(schema).not.property('$id')
    expect(JSON.stringify(schema)).not.match(/"(reload|unit|keyedBy|secret|path|form)":(?!{)/)
  })

  it('takes every example as it is written, variables and all', () => {
    for (const name of [...EXAMPLES, ...INCLUDED]) {
      expect(isValid(parse(example(name))), `${name}: ${JSON.stringify(isValid.errors)}`).equal(
        true,
      )
    }
  })

  it('refuses a key that is misspelled, wherever it is', () => {
    for (const name of [...EXAMPLES, ...INCLUDED]) {
      const keys = [...example(name).matchAll(/^[ -]*(\w+):|[{,] (\w+):/gm)]
      for (const { index, 0: whole, 1: block, 2: flow } of keys) {
        const key = (block ?? flow) as string
        // Names of people's own choice cannot be misspelled.
        if (NAMES.includes(key)) continue
        const at = index + whole.lastIndexOf(key)
        const wrong = `${example(name).slice(0, at)}x${example(name).slice(at)}`
        expect(isValid(parse(wrong)), `${name}: x${key} of ${whole}`).equal(false)
      }
    }
  })

  it('takes a variable where a number, a unit or a word is wanted, and nothing else', () => {
    const transport = { type: 'websocket', auth: ['a'] }
    const withPort = (port: unknown) => ({
      version: 1,
      transports: [{ ...transport, endpoint: { port } }],
    })
    for (const port of [8080, '${PORT}', '${PORT:-8080}'])
      expect(isValid(withPort(port))).equal(true)
    for (const port of ['8080', 65536, 1.5, '$PORT']) expect(isValid(withPort(port))).equal(false)
    const withGrace = (grace: unknown) => ({ version: 1, shutdown: { grace } })
    for (const grace of ['30s', 30, '${GRACE}']) expect(isValid(withGrace(grace))).equal(true)
    for (const grace of ['30', '30 years', -1, 1e12]) expect(isValid(withGrace(grace))).equal(false)
    const withLevel = (level: unknown) => ({ version: 1, log: { level } })
    for (const level of ['info', '${LEVEL}']) expect(isValid(withLevel(level))).equal(true)
    expect(isValid(withLevel('loud'))).equal(false)
  })
})

/** Authenticators and users of the examples. */
const NAMES = [
  'guests',
  'services',
  'people',
  'billing',
  'ann',
  'joe',
  'orders',
  'sensors',
  'backend',
]
