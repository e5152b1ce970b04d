// The Grafana dashboard, for generate.mjs: deploy/grafana/wampd.json is written from it.

/** The routers that are chosen, and the realms. */
const ROUTERS = 'job=~"$job", instance=~"$instance"'
const REALMS = `${ROUTERS}, realm=~"$realm"`
const RATE = '[$__rate_interval]'

const SOURCE = { type: 'prometheus', uid: '${datasource}' }
/** Columns of a dashboard. */
const WIDTH = 24

const ALERT = { green: null, orange: 0.8, red: 0.9 }

/** The dashboard as Grafana imports it. */
export function dashboard() {
  return {
    uid: 'wampd',
    title: 'wampd',
    description:
      'Routers for WAMP: who is there, what passes and how long it takes, and what goes wrong.',
    tags: ['wampd', 'wamp'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    // One cross-hair for all.
    graphTooltip: 1,
    timezone: 'browser',
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    annotations: { list: [restarts()] },
    templating: { list: variables() },
    panels: laidOut([
      ...['Overview', overview()],
      ...['Traffic', traffic()],
      ...['Latency', latency()],
      ...['Backpressure', backpressure()],
      ...['Process', ofProcess()],
      ...['Errors and refusals', errors()],
    ]),
  }
}

function overview() {
  const wide = { w: 3, h: 4 }
  return [
    stat('Routers that are ready', `sum(wampd_ready{${ROUTERS}})`, 'none', wide, {
      red: null,
      green: 1,
    }),
    stat('Sessions', `sum(wampd_sessions{${REALMS}})`, 'none', wide),
    stat('Connections', `sum(wampd_connections{${ROUTERS}})`, 'none', wide),
    stat('Messages from clients', messages('received'), 'mps', wide),
    stat('Messages to clients', messages('sent'), 'mps', wide),
    stat('Waits for readers', `sum(wampd_queued_bytes{${ROUTERS}})`, 'bytes', wide),
    stat('Memory, of its limit', `max(${ofLimit()})`, 'percentunit', wide, ALERT),
    stat('Event loop, late at p99', quantile(0.99, 'wampd_event_loop_delay_seconds'), 's', wide, {
      green: null,
      orange: 0.1,
      red: 0.25,
    }),
  ]
}

function traffic() {
  const byType = direction => [[messages(direction, 'type'), '{{type}}']]
  return [
    series('Messages from clients, by type', byType('received'), 'mps'),
    series('Messages to clients, by type', byType('sent'), 'mps'),
    series(
      'Bytes of messages',
      [
        [
          `sum by (direction) (rate(wampd_message_bytes_total{${ROUTERS}}${RATE}))`,
          '{{direction}}',
        ],
      ],
      'binBps',
    ),
    series('Sessions, by realm', ofRealms('wampd_sessions'), 'none', { stacked: true }),
    series('Open calls, by realm', ofRealms('wampd_open_calls'), 'none', { stacked: true }),
    series(
      'Subscriptions and registrations',
      [
        [`sum(wampd_subscriptions{${REALMS}})`, 'subscriptions'],
        [`sum(wampd_registrations{${REALMS}})`, 'registrations'],
        [`sum(wampd_realms{${ROUTERS}})`, 'realms'],
      ],
      'none',
    ),
  ]
}

function latency() {
  const calls = 'wampd_call_duration_seconds'
  const deliveries = 'wampd_delivery_duration_seconds'
  return [
    series('Calls that ended in a result', quantiles(calls, ', outcome="result"'), 's'),
    heatmap('Calls: how many took how long', calls),
    series(
      'Calls that ended, by outcome',
      [[`sum by (outcome) (rate(${calls}_count{${ROUTERS}}${RATE}))`, '{{outcome}}']],
      'ops',
    ),
    series('From publication to the write of its event', quantiles(deliveries), 's'),
    heatmap('Deliveries: how many took how long', deliveries),
    series(
      'Longest percentile, by router',
      [
        [quantile(0.99, deliveries, '', 'instance'), 'delivery {{instance}}'],
        [quantile(0.99, calls, '', 'instance'), 'call {{instance}}'],
      ],
      's',
    ),
  ]
}

function backpressure() {
  return [
    series(
      'Bytes that wait for readers',
      [[`wampd_queued_bytes{${ROUTERS}}`, '{{instance}}']],
      'bytes',
    ),
    counts('Events that sessions did not get', [
      ...['events_dropped', 'oversized_messages', 'events_untranslatable', 'gaps_told'],
    ]),
    counts('Clients that were cut off or kept out', [
      ...['too_slow', 'cut_by_memory', 'refused_by_memory', 'out_of_files'],
    ]),
    series('How late the event loop is', quantiles('wampd_event_loop_delay_seconds'), 's'),
    heatmap('Event loop: how often it was how late', 'wampd_event_loop_delay_seconds'),
    series('Memory, of its limit', [[ofLimit(), '{{instance}}']], 'percentunit', { max: 1 }),
  ]
}

function ofProcess() {
  return [
    series(
      'Memory',
      [
        [`process_resident_memory_bytes{${ROUTERS}}`, 'resident {{instance}}'],
        [`nodejs_heap_size_used_bytes{${ROUTERS}}`, 'heap, used {{instance}}'],
        [`nodejs_heap_size_total_bytes{${ROUTERS}}`, 'heap {{instance}}'],
        [`nodejs_external_memory_bytes{${ROUTERS}}`, 'buffers {{instance}}'],
        [`wampd_memory_limit_bytes{${ROUTERS}}`, 'limit {{instance}}'],
      ],
      'bytes',
    ),
    series(
      'Processor, of one core',
      [
        [`rate(process_cpu_user_seconds_total{${ROUTERS}}${RATE})`, 'user {{instance}}'],
        [`rate(process_cpu_system_seconds_total{${ROUTERS}}${RATE})`, 'system {{instance}}'],
      ],
      'percentunit',
      { stacked: true },
    ),
    stat(
      'Runs for',
      `time() - process_start_time_seconds{${ROUTERS}}`,
      's',
      { w: 4, h: 8 },
      {},
      {
        legend: '{{instance}}',
      },
    ),
    stat(
      'Versions',
      `count by (version, node, transports) (wampd_build_info{${ROUTERS}})`,
      'none',
      {
        ...{ w: 4, h: 8 },
      },
      {},
      { legend: '{{version}}, Node {{node}}, {{transports}}' },
    ),
  ]
}

function errors() {
  return [
    counts('Clients that were refused', [
      ...['bad_handshakes', 'denied_handshakes', 'refused_connections', 'refused_sessions'],
      ...[
        'refused_origins',
        'refused_paths',
        'refused_protocols',
        'refused_proxies',
        'refused_polls',
      ],
      'refused_admins',
    ]),
    counts('Sessions and connections that ended', [
      ...['protocol_violations', 'dead_peers', 'silent', 'expired_polls', 'floods', 'queues_full'],
    ]),
    counts('Requests that were refused', [
      ...['limits_reached', 'rate_refused', 'payloads_refused', 'refused_requests'],
    ]),
    series(
      'What limits refused, by realm',
      [[`sum by (realm) (rate(wampd_refusals_total{${REALMS}}${RATE}))`, '{{realm}}']],
      'ops',
    ),
    counts('Webhooks and traces', ['webhooks_sent', 'webhooks_given_up', 'spans_lost']),
    series(
      'Reloads',
      [
        [`sum by (outcome) (increase(wampd_reloads_total{${ROUTERS}}${RATE}))`, '{{outcome}}'],
        [
          `sum(changes(wampd_last_reload_timestamp_seconds{${ROUTERS}}${RATE}))`,
          'taken up by a router',
        ],
      ],
      'none',
    ),
  ]
}

function messages(direction, by) {
  const selector = `wampd_messages_total{${ROUTERS}, direction="${direction}"}`
  return `sum${by ? ` by (${by})` : ''} (rate(${selector}${RATE}))${by ? ' > 0' : ''}`
}

function ofRealms(metric) {
  return [[`sum by (realm) (${metric}{${REALMS}})`, '{{realm}}']]
}

function ofLimit() {
  const [used, limit] = ['process_resident_memory_bytes', 'wampd_memory_limit_bytes']
  return `${used}{${ROUTERS}} / on (job, instance) ${limit}{${ROUTERS}}`
}

function quantile(q, metric, and = '', by = '') {
  const labels = by === '' ? 'le' : `le, ${by}`
  return `histogram_quantile(${q}, sum by (${labels}) (rate(${metric}_bucket{${ROUTERS}${and}}${RATE})))`
}

function quantiles(metric, and) {
  return [0.5, 0.9, 0.99].map(q => [quantile(q, metric, and), `p${q * 100}`])
}

function counts(title, whats) {
  const lines = whats.map(what => [
    `sum(rate(wampd_${what}_total{${ROUTERS}}${RATE}))`,
    what.replaceAll('_', ' '),
  ])
  return series(title, lines, 'ops')
}

function panel(type, title, lines, size, { unit, ...field }, options, target = {}) {
  const targets = lines.map(([expr, legendFormat = '__auto'], i) => ({
    refId: String.fromCharCode(65 + i),
    ...{ datasource: SOURCE, editorMode: 'code', expr, legendFormat, range: true, ...target },
  }))
  const fieldConfig = { defaults: { unit, ...field }, overrides: [] }
  return { type, title, datasource: SOURCE, size, targets, fieldConfig, options }
}

function stat(title, expr, unit, size, steps = {}, { legend } = {}) {
  const colors = Object.entries(steps).map(([color, value]) => ({ color, value }))
  const thresholds = { mode: 'absolute', steps: colors.length > 0 ? colors : NEUTRAL }
  return panel(
    'stat',
    title,
    [[expr, legend]],
    size,
    { unit, thresholds },
    {
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      ...{ colorMode: 'value', graphMode: legend ? 'none' : 'area', justifyMode: 'auto' },
      ...{ wideLayout: true, showPercentChange: false, percentChangeColorMode: 'standard' },
      ...{ orientation: 'auto', textMode: legend ? 'value_and_name' : 'auto' },
    },
  )
}

const NEUTRAL = [{ color: 'text', value: null }]

function series(title, lines, unit, { stacked = false, max } = {}) {
  const custom = {
    ...{ drawStyle: 'line', lineWidth: 1, fillOpacity: stacked ? 30 : 10, showPoints: 'never' },
    stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
  }
  return panel(
    'timeseries',
    title,
    lines,
    { w: 8, h: 8 },
    { unit, min: 0, ...(max && { max }), custom },
    {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  )
}

function heatmap(title, metric) {
  const expr = `sum by (le) (increase(${metric}_bucket{${ROUTERS}}${RATE}))`
  return panel(
    'heatmap',
    title,
    [[expr, '{{le}}']],
    { w: 8, h: 8 },
    {},
    {
      calculate: false,
      showValue: 'never',
      cellGap: 1,
      ...{ yAxis: { axisPlacement: 'left', unit: 's' }, rowsFrame: { layout: 'auto' } },
      color: {
        mode: 'scheme',
        scheme: 'Oranges',
        fill: 'dark-orange',
        exponent: 0.5,
        steps: 64,
        scale: 'exponential',
        reverse: false,
      },
      filterValues: { le: 1e-9 },
      ...{
        legend: { show: true },
        tooltip: { mode: 'single', showColorScale: false, yHistogram: true },
      },
      exemplars: { color: 'rgba(255,0,255,0.7)' },
    },
    { format: 'heatmap' },
  )
}

/** Titles of rows and their panels, in turns, each panel with its place. */
function laidOut(parts) {
  const panels = []
  let y = 0
  for (const part of parts) {
    let x = 0
    if (typeof part === 'string') {
      panels.push({
        type: 'row',
        title: part,
        collapsed: false,
        gridPos: { h: 1, w: WIDTH, x, y },
        panels: [],
      })
      y++
      continue
    }
    for (const { size, ...rest } of part) {
      if (x + size.w > WIDTH) {
        x = 0
        y += size.h
      }
      panels.push({ ...rest, gridPos: { ...size, x, y } })
      x += size.w
    }
    y += part.at(-1).size.h
  }
  return panels.map((panel, i) => ({ id: i + 1, ...panel }))
}

function variables() {
  const query = (name, label, text) => ({
    ...{ type: 'query', name, label, datasource: SOURCE, query: text, definition: text },
    ...{ refresh: 2, sort: 1, multi: true, includeAll: true, allValue: '.*' },
    ...{ current: { text: 'All', value: '$__all' }, options: [], hide: 0 },
  })
  return [
    {
      ...{ type: 'datasource', name: 'datasource', label: 'Data source', query: 'prometheus' },
      ...{
        current: { text: '', value: '' },
        options: [],
        hide: 0,
        refresh: 1,
        multi: false,
        includeAll: false,
      },
    },
    query('job', 'Job', 'label_values(wampd_build_info, job)'),
    query('instance', 'Router', 'label_values(wampd_build_info{job=~"$job"}, instance)'),
    query('realm', 'Realm', `label_values(wampd_sessions{${ROUTERS}}, realm)`),
  ]
}

function restarts() {
  return {
    ...{ name: 'Starts', datasource: SOURCE, enable: true, iconColor: 'blue' },
    expr: `changes(process_start_time_seconds{${ROUTERS}}${RATE}) > 0`,
    ...{ titleFormat: 'started', textFormat: '{{instance}}', step: '60s' },
  }
}
