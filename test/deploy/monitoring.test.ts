import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { parse } from 'yaml'
import { createRouter } from '../../src/router.ts'
import { readMetrics } from '../admin/exposition.ts'
import { openAdmin } from '../helpers/admin.ts'
import { readPromQl } from './promql.ts'

/** What Prometheus puts to the figures of each target. */
const OF_TARGETS = ['job', 'instance']

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly datasource?: { readonly uid: string }
  readonly targets?: readonly {
    readonly refId: string
    readonly expr: string
    readonly legendFormat: string
  }[]
}

interface Variable {
  readonly name: string
  readonly type: string
  readonly query: string
}

const dashboard = JSON.parse(readFileSync('deploy/grafana/wampd.json', 'utf8'))
const panels = dashboard.panels as Panel[]
const variables = dashboard.templating.list as Variable[]
const targets = panels.flatMap(({ title, targets = [] }) =>
  targets.map(target => ({ where: title, ...target })),
)

const { groups } = parse(readFileSync('deploy/prometheus/alerts.yaml', 'utf8'))
// biome-ignore lint/suspicious/noExplicitAny: the tests find out what it is
const alerts = groups.flatMap(({ rules }: any) => rules) as any[]

/** Labels of each metric that a router really gives, with their values. */
async function given(): Promise<Map<string, Map<string, Set<string>>>> {
  const router = createRouter({ development: true })
  try {
    const admin = await openAdmin(router)
    await router.listen({ port: 0 })
    router.session('realm1')
    router.reload({ log: { level: 'error' } })
    const text = (await admin.get('metrics')).body.toString()
    const metrics = new Map<string, Map<string, Set<string>>>([['up', new Map()]])
    for (const { samples } of readMetrics(text).values()) {
      for (const sample of samples.keys()) {
        const name = sample.replace(/\{.*/, '')
        const labels = metrics.get(name) ?? new Map<string, Set<string>>()
        for (const [, label = '', value = ''] of sample.matchAll(/(\w+)="([^"]*)"/g)) {
          labels.set(label, (labels.get(label) ?? new Set()).add(value))
        }
        metrics.set(name, labels)
      }
    }
    return metrics
  } finally {
    await router.close()
  }
}

describe('the dashboard and the alerts', () => {
  let metrics: Map<string, Map<string, Set<string>>>

  before(async () => {
    metrics = await given()
  })

  /** Fails where an expression names what no router gives. */
  function check(expr: string, legend = ''): void {
    const { selectors, groupings } = readPromQl(expr)
    const known = new Set(OF_TARGETS)
    for (const { metric, matchers } of selectors) {
      const labels = metrics.get(metric)
      expect([...metrics.keys()], expr).include(metric)
      for (const label of labels?.keys() ?? []) known.add(label)
      for (const { label, value } of matchers) {
        if (OF_TARGETS.includes(label)) continue
        expect([...(labels?.keys() ?? [])], expr).include(label)
        if (value !== undefined) expect([...(labels?.get(label) ?? [])], expr).include(value)
      }
    }
    for (const label of groupings) expect([...known], expr).include(label)
    const left = / by \(/.test(expr) ? groupings : /^sum\(|^max\(/.test(expr) ? [] : [...known]
    for (const [, label = ''] of legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)) {
      expect(left, `${legend} of ${expr}`).include(label)
    }
  }

  it('would be found out where they named what is not there', () => {
    for (const expr of [
      'wampd_nothing',
      'wampd_sessions{colour="red"}',
      'wampd_messages_total{direction="up"}',
      'sum by (colour) (wampd_sessions)',
      'sum(wampd_sessions',
    ]) {
      expect(() => check(expr), expr).throws()
    }
    expect(() => check('sum(wampd_sessions)', '{{realm}}')).throws()
  })

  for (const { where, refId, expr, legendFormat } of targets) {
    it(`${where}, ${refId} asks for what a router gives`, () => check(expr, legendFormat))
  }

  for (const { name, expr } of dashboard.annotations.list) {
    it(`${name} asks for what a router gives`, () => check(expr))
  }

  it('chooses by what a router gives', () => {
    for (const { type, query } of variables) {
      if (type === 'datasource') continue
      const [, expr = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? []
      check(expr, `{{${label}}}`)
    }
  })

  it('leaves out nothing that is of the router alone', () => {
    const asked = new Set(
      [...targets, ...dashboard.annotations.list].flatMap(({ expr }) =>
        readPromQl(expr).selectors.map(({ metric }) => metric.replace(/_(bucket|sum|count)$/, '')),
      ),
    )
    const own = [...metrics.keys()].filter(name => name.startsWith('wampd_'))
    for (const name of own) {
      const family = name.replace(/_(bucket|sum|count)$/, '')
      expect(asked.has(family), `${family} in scripts/dashboard.mjs`).equal(true)
    }
  })

  it('uses no variables but its own', () => {
    const names = variables.map(({ name }) => name)
    const text = JSON.stringify(dashboard).replaceAll('$__all', '')
    const used = [...text.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name)
    for (const name of new Set(used)) expect([...names, '__rate_interval']).include(name)
    expect(names).deep.equal(['datasource', 'job', 'instance', 'realm'])
  })

  it('has a form that Grafana imports', () => {
    expect(dashboard).include({ uid: 'wampd', title: 'wampd', schemaVersion: 39 })
    expect(dashboard).not.include.keys('id')
    expect(new Set(panels.map(({ id }) => id)).size).equal(panels.length)
    for (const { type, title, targets = [], datasource } of panels) {
      expect(['row', 'stat', 'timeseries', 'heatmap'], title).include(type)
      if (type === 'row') continue
      expect(datasource, title).deep.equal({ type: 'prometheus', uid: '${datasource}' })
      expect(targets, title).not.deep.equal([])
      expect(new Set(targets.map(({ refId }) => refId)).size, title).equal(targets.length)
    }
  })

  it('has each panel a place of its own', () => {
    const taken = new Set<string>()
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).most(24)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), title).equal(false)
          taken.add(`${x} ${y}`)
        }
      }
    }
  })

  for (const { alert, expr, labels, annotations } of alerts) {
    it(`${alert} asks for what a router gives`, () => {
      check(expr)
      for (const { matchers } of readPromQl(expr).selectors) {
        expect(matchers).deep.include({ label: 'job', value: 'wampd' })
      }
      expect(alert).match(/^Wampd[A-Z]\w+$/)
      expect(['warning', 'critical']).include(labels.severity)
      expect(annotations).keys('summary', 'description')
      const { groupings } = readPromQl(expr)
      for (const [, label = ''] of `${annotations.summary}`.matchAll(/\$labels\.(\w+)/g)) {
        expect(groupings.length === 0 || groupings.includes(label), alert).equal(true)
      }
    })
  }
})
