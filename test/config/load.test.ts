import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { ConfigError, checkConfig, loadConfig, parseConfig } from '../../src/config/load.ts'
import type { SchemaNode } from '../../src/config/node.ts'
import { ROOT, schema } from '../../src/config/schema.ts'
import { shipped } from '../../src/config/shipped.ts'

const EXAMPLE = readFileSync(shipped('realms/production.yaml'), 'utf8')

/** The message of the ConfigError that is thrown; every other outcome is a failure. */
function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('no error was thrown')
}

const parseMessage = (text: string) => messageOf(() => parseConfig(text, 'f.yaml'))

describe('config: what is shipped', () => {
  it('loads the development realm', () => {
    const { realms } = loadConfig(shipped('realms/realm1.yaml'))
    expect(realms.map(({ name }) => name)).to.deep.equal(['realm1'])
    const rules = realms[0]?.roles.map(({ name, permissions }) => ({
      name,
      may: permissions.map(({ uri, match, allow }) => [
        uri,
        match,
        allow.call,
        allow.register,
        allow.publish,
        allow.subscribe,
      ]),
    }))
    expect(rules).to.deep.equal([
      {
        name: 'anonymous',
        may: [
          ['', 'prefix', true, true, true, true],
          ['wamp', 'prefix', true, false, false, true],
        ],
      },
    ])
  })

  it('describes every key in the schema', () => {
    for (const [key, { description, reload }] of keysOf(schema as Described)) {
      expect(description, key).to.be.a('string')
      expect(reload, key).to.be.oneOf(['live', 'new', 'restart'])
    }
  })
})

interface Described {
  properties?: Record<string, Described>
  items?: Described
  description?: string
  reload?: string
}

/** Data that the schema would take, but for what is wrong here and there. */
function near(node: SchemaNode): fc.Arbitrary<unknown> {
  const odd = fc.constantFrom<unknown>(null, 0, -1, '', 'x', '${A}', '${B', '30s', true, [], {}, [
    [],
  ])
  return fc.oneof({ arbitrary: sound(node), weight: 12 }, { arbitrary: odd, weight: 1 })
}

function sound({ properties, patternProperties, items, ...node }: SchemaNode) {
  if (properties !== undefined) {
    const known: Record<string, fc.Arbitrary<unknown>> = {}
    for (const [key, child] of Object.entries(properties)) known[key] = near(child)
    const wrong = fc.dictionary(fc.constantFrom('__proto__', 'nmae', 'a/b~', ''), fc.constant(1))
    const rarely = fc.oneof(
      { arbitrary: fc.constant({}), weight: 12 },
      { arbitrary: wrong, weight: 1 },
    )
    const keys = fc.record(known, { requiredKeys: [...(node.required ?? [])] })
    return fc.tuple(keys, rarely).map(([keys, wrong]) => ({ ...keys, ...wrong }))
  }
  if (patternProperties !== undefined) {
    const [child] = Object.values(patternProperties)
    const key = fc.constantFrom('a', 'b', '__proto__', 'toString', 'x\ny', '')
    return fc.dictionary(key, near(child as SchemaNode), { maxKeys: 3 })
  }
  if (items !== undefined) return fc.array(near(items), { maxLength: 3 })
  const values = [
    node.const,
    ...(node.enum ?? []),
    node.default,
    '30s',
    '1MB',
    '9/s',
    'a',
    80,
    true,
  ]
  return fc.constantFrom(...values.filter(value => value !== undefined))
}

function keysOf(node: Described): [string, Described][] {
  const children = Object.entries(node.properties ?? node.items?.properties ?? {})
  return children.flatMap(([key, child]): [string, Described][] => [[key, child], ...keysOf(child)])
}

describe('config: what is wrong is said', () => {
  it('reports all problems at once, with their places, in order', () => {
    const text = `version: 2
realms:
  - name: com.example
    optoins: {}
    roles:
      - name: ""
        permisions: []
      - name: b
        permissions:
          - uri: 7
            match: regex
            allow: { call: yes, pubish: true }
`
    expect(parseMessage(text).split('\n')).to.deep.equal([
      'f.yaml:1:10: version: expected 1, found 2',
      'f.yaml:4:5: realms[0].optoins: unknown key; did you mean "options"?',
      'f.yaml:6:9: realms[0].roles[0]: the key "permissions" is missing',
      'f.yaml:6:15: realms[0].roles[0].name: expected text that is not empty, found ""',
      'f.yaml:7:9: realms[0].roles[0].permisions: unknown key; did you mean "permissions"?',
      'f.yaml:10:18: realms[0].roles[1].permissions[0].uri: expected text, found 7',
      'f.yaml:11:20: realms[0].roles[1].permissions[0].match: expected exact or prefix or wildcard, found "regex"',
      'f.yaml:12:28: realms[0].roles[1].permissions[0].allow.call: expected true or false, found "yes"',
      'f.yaml:12:33: realms[0].roles[1].permissions[0].allow.pubish: unknown key; did you mean "publish"?',
    ])
  })

  it('names the known keys where none is near', () => {
    expect(parseMessage('version: 1\nworkers: []\n')).to.equal(
      'f.yaml:2:1: workers: unknown key; known are version, include, realms, authenticators, transports, control, admin, trace, tracing, log, shutdown, reload, memory',
    )
  })

  it('takes a send buffer as a size or as keys, and says what else is wrong with it', () => {
    const text = (buffer: string) => `version: 1
realms: [{ name: a.b, roles: [{ name: anonymous, permissions: [{ uri: a, allow: {} }] }] }]
authenticators: { guests: { anonymous: { role: anonymous } } }
transports:
  - type: websocket
    auth: [guests]
    options:
      send_buffer: ${buffer}
`
    const of = (buffer: string) =>
      parseConfig(text(buffer), 'f.yaml').config.transports[0]?.options.send_buffer
    expect(of('64KB')).equal(65_536)
    expect(of('4096')).equal(4096)
    expect(of('{ policy: drop }')).deep.equal({ limit: 1 << 20, policy: 'drop' })
    expect(of('{ limit: 2MB }')).deep.equal({ limit: 2 << 20, policy: 'disconnect' })
    const wrong = (buffer: string) => parseMessage(text(buffer))
    expect(wrong('{ policy: block }')).match(
      /^f\.yaml:8:30: .*expected disconnect or drop, found "block"$/,
    )
    expect(wrong('{ limit: 1B }')).match(/^f\.yaml:8:29: .*at least 1024/)
    expect(wrong('{ limt: 1MB }')).match(/^f\.yaml:8:22: .*unknown key; did you mean "limit"\?$/)
    expect(wrong('much')).match(/^f\.yaml:8:20: .*or the keys limit, policy, found "much"$/)
  })

  it('tells nothing, lists and keys apart', () => {
    expect(parseMessage('version: 1\nrealms:\n')).to.equal(
      'f.yaml:2:8: realms: expected a list, found nothing',
    )
    expect(parseMessage('version: 1\nrealms: {a: 1}\n')).to.contain('found keys with values')
    expect(parseMessage('[]')).to.equal('f.yaml:1:1: expected keys with values, found a list')
  })

  it('finds realms, roles and rules that are there twice, and what is no URI', () => {
    const role = '{name: a, permissions: [{uri: x, allow: {}}, {uri: x, allow: {}}]}'
    const text = `version: 1
realms:
  - {name: r, roles: [${role}, {name: a, permissions: []}]}
  - {name: r, roles: []}
  - {name: 'a b', roles: [{name: a, permissions: [{uri: '', allow: {}}]}]}
  - name: s
    options: {uri_check: strict}
    roles: [{name: a, permissions: [{uri: A., match: prefix, allow: {}}]}]
`
    expect(
      parseMessage(text)
        .split('\n')
        .map(line => line.replace(/^[^ ]* /, '')),
    ).to.deep.equal([
      'realms[0].roles[0].permissions[1].uri: second rule for this URI with this match in the role; the first is realms[0].roles[0].permissions[0].uri (f.yaml:3)',
      'realms[0].roles[1].name: second role of this name in the realm; the first is realms[0].roles[0].name (f.yaml:3)',
      'realms[1].name: second realm of this name; the first is realms[0].name (f.yaml:3)',
      'realms[2].name: "a b" is not a URI',
      'realms[2].roles[0].permissions[0].uri: "" is not a loose URI',
      'realms[3].roles[0].permissions[0].uri: "A." is not a strict prefix pattern',
    ])
  })

  it('gives the line of a syntax error, of a key given twice and of an unknown tag', () => {
    expect(parseMessage('version: 1\nrealms: [\n')).to.match(/^f\.yaml:\d:\d+: /)
    expect(parseMessage('version: 1\nversion: 1\n')).to.equal('f.yaml:2:1: Map keys must be unique')
    expect(parseMessage('version: !secret 1\n')).to.equal('f.yaml:1:10: Unresolved tag')
    expect(parseMessage('version: 1\n---\nversion: 1\n')).to.match(/^f\.yaml:2:1: .*multiple doc/)
  })

  it('finds its way through aliases and odd keys', () => {
    const text = 'version: 1\nrealms:\n  - &r {name: a, roles: [], x: 1}\n  - *r\n'
    expect(parseMessage(text).split('\n')[1]).to.match(/^f\.yaml:3:29: realms\[1\]\.x: unknown key/)
    expect(parseMessage('version: 1\n__proto__: {}\n')).to.match(/^f.yaml:2:1: __proto__: unknown/)
    expect(parseMessage('version: 1\na/b~c: {}\n')).to.match(/^f.yaml:2:1: a\/b~c: unknown/)
    expect(parseMessage('version: 1\n"a\\nb": {}\n')).to.match(/^f.yaml:2:1: a\\nb: unknown/)
    expect(parseMessage('version: 1\n? [1]\n: 2\n')).to.contain('unknown key')
  })

  it('stops alias bombs and deep nesting', function () {
    this.timeout(60_000)
    const bomb = ['a: &a [1,1,1,1,1,1,1,1]']
    for (const [of, to] of ['ab', 'bc', 'cd', 'de', 'ef']) {
      bomb.push(`${to}: &${to} [${Array(8).fill(`*${of}`).join()}]`)
    }
    expect(parseMessage(bomb.join('\n'))).to.equal('f.yaml: has too many aliases')
    expect(parseMessage(`a: ${'['.repeat(8000)}`)).to.match(/^f\.yaml:/)
    expect(parseMessage('version: 1\nrealms: *nobody\n')).to.equal(
      'f.yaml:2:9: is an alias without its anchor; quote a text that begins with *',
    )
    expect(parseMessage('a: &a [*a]')).to.match(/^f\.yaml: is nested too deeply|many aliases/)
  })

  it('shows fifty problems and counts the rest', () => {
    const text = Array.from({ length: 60 }, (_, i) => `k${i}: 1`).join('\n')
    const lines = parseMessage(`version: 1\n${text}\n`).split('\n')
    expect(lines).to.have.length(51)
    expect(lines[50]).to.equal('and 10 more')
  })

  it('reads JSON, with tabs', () => {
    expect(parseConfig('{\n\t"version": 1\n}\n', 'f.json').config).to.include({ version: 1 })
    expect(messageOf(() => parseConfig('{\n\t"version": "1"\n}', 'f.json'))).to.equal(
      'f.json:2:13: version: expected 1, found "1"',
    )
  })
})

describe('config: files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wampd-config-'))
  after(() => rmSync(folder, { recursive: true }))
  const loadMessage = (name: string) => messageOf(() => loadConfig(join(folder, name)))

  it('says in one line why a file cannot be read', () => {
    const file = (name: string) => join(folder, name)
    mkdirSync(file('folder'))
    writeFileSync(file('latin'), Buffer.from('a: \xe9', 'latin1'))
    writeFileSync(file('empty'), '# nothing\n')
    writeFileSync(file('large'), '')
    truncateSync(file('large'), 10 * 1024 * 1024 + 1)
    expect(loadMessage('missing')).to.equal(`${file('missing')}: no such file`)
    expect(loadMessage('folder')).to.equal(`${file('folder')}: is not a file`)
    expect(loadMessage('latin')).to.equal(`${file('latin')}: is not UTF-8 text`)
    expect(loadMessage('empty')).to.equal(`${file('empty')}: is empty`)
    expect(loadMessage('large')).to.equal(`${file('large')}: is larger than 10 MB`)
    expect(loadMessage('a\0b')).to.contain('cannot be read')
  })

  it('takes any bytes for a config, or says what is wrong with them', () => {
    const file = join(folder, 'bytes')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        writeFileSync(file, bytes)
        expect(messageOf(() => loadConfig(file))).to.contain(file)
      }),
    )
  })
})

describe('config: objects given in code', () => {
  it('fills in defaults in a copy', () => {
    const input = {
      version: 1,
      realms: [
        { name: 'a', roles: [] },
        { name: 'b', roles: [] },
      ],
    }
    const { realms } = checkConfig(input).config
    expect(realms[0]?.options).to.deep.equal({ uri_check: 'loose', strict_request_ids: false })
    expect(realms[0]?.options).to.not.equal(realms[1]?.options)
    expect(input.realms[0]).to.have.keys('name', 'roles')
  })

  it('reports problems by path alone', () => {
    const message = messageOf(() => checkConfig({ version: 1, realms: [{ nmae: 'a', roles: 1n }] }))
    expect(message.split('\n')).to.have.members([
      'realms[0]: the key "name" is missing',
      'realms[0].nmae: unknown key; did you mean "name"?',
      'realms[0].roles: expected a list, found 1',
    ])
  })

  it('refuses what is not plain data', () => {
    const cyclic: Record<string, unknown> = { version: 1 }
    cyclic.realms = [cyclic]
    const thrower = Object.defineProperty({}, 'version', {
      enumerable: true,
      get: () => {
        throw new Error('no')
      },
    })
    const odd = [cyclic, thrower, new Proxy({}, {}), () => {}, Symbol('s'), undefined, new Map()]
    for (const input of odd) messageOf(() => checkConfig(input))
  })

  it('refuses lists with holes', () => {
    const realms = (roles: unknown[]) => ({ version: 1, realms: [{ name: 'r', roles }] })
    for (const roles of [new Array(1), [undefined]]) {
      expect(messageOf(() => checkConfig(realms(roles)))).to.equal(
        'realms[0].roles[0]: expected keys with values, found nothing',
      )
    }
    const auth = new Array(1)
    const transports = [{ type: 'websocket', auth }]
    expect(messageOf(() => checkConfig({ version: 1, transports }))).to.contain('auth[0]: expected')
  })
})

describe('config: whatever comes, the outcome is a config or a ConfigError', () => {
  function holds(run: () => unknown): void {
    try {
      run()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      expect(error.problems).to.not.be.empty
    }
  }

  it('for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => holds(() => parseConfig(text, 'f'))),
    )
    const yaml = fc.string({
      unit: fc.constantFrom(...'ab:-?[]{},&*!|>\'"%@#\n\t 1~<'),
      maxLength: 60,
    })
    fc.assert(
      fc.property(yaml, text => holds(() => parseConfig(text, 'f'))),
      { numRuns: 500 },
    )
  })

  it('for any object, also below the keys that are known', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
      key: fc.oneof(
        fc.constantFrom('version', 'realms', 'name', 'roles', '__proto__'),
        fc.string(),
      ),
    })
    fc.assert(fc.property(anything, input => holds(() => checkConfig(input))))
    const realms = fc.array(
      fc.record({
        name: anything,
        options: anything,
        roles: fc.oneof(anything, fc.array(anything)),
      }),
    )
    const config = fc.record({ version: fc.constant(1), realms })
    fc.assert(fc.property(config, input => holds(() => checkConfig(input))))
  })

  it('for documents near the schema, as YAML, as JSON and as an object', function () {
    this.timeout(60_000)
    const document = near(ROOT)
    fc.assert(
      fc.property(document, data => {
        holds(() => checkConfig(data))
        for (const text of [
          JSON.stringify(data),
          stringify(data, { aliasDuplicateObjects: true }),
        ]) {
          try {
            parseConfig(text, 'f', { A: '1' })
          } catch (error) {
            if (!(error instanceof ConfigError)) throw error
            for (const { file, line, column, text } of error.problems) {
              expect(file).to.equal('f')
              expect(
                [line, column].every(place => Number.isInteger(place)),
                text,
              ).to.equal(true)
              expect(text).to.not.match(/undefined|\[object|^$/)
            }
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  it('for nesting of any depth, in keys that are known and in others', () => {
    for (const depth of [100, 500, 1000, 2000, 8000]) {
      const deep = '['.repeat(depth) + ']'.repeat(depth)
      for (const key of ['x', 'realms', 'version', 'authenticators', 'include']) {
        expect(parseMessage(`version: 1\n${key}: ${deep}`)).to.match(/^f\.yaml:/)
      }
    }
  })

  it('for the example with a piece cut out, doubled or replaced', () => {
    const at = fc.nat(EXAMPLE.length)
    const piece = fc.oneof(
      fc.constant(''),
      fc.string({ maxLength: 3 }),
      fc.constantFrom('\n', '- ', '*a', '{'),
    )
    fc.assert(
      fc.property(at, fc.nat(20), piece, fc.boolean(), (from, length, instead, isDoubled) => {
        const cut = EXAMPLE.slice(from, from + length)
        const middle = isDoubled ? cut + cut : instead
        const text = EXAMPLE.slice(0, from) + middle + EXAMPLE.slice(from + length)
        holds(() => parseConfig(text, 'f'))
      }),
      { numRuns: 300 },
    )
  })
})
