/**
 * What is measured. `load` is the command line of the load generator; wampload and client.mjs share
 * it, but for the loads that are `builtIn`: those only client.mjs knows. `cost` names the figure of a
 * run that counts, `more` prints what stands beside it.
 */
const call = { cost: 'cpu_us_per_call', unit: 'µs/call', more: run => rate(run.calls_per_s) }
const event = { cost: 'cpu_us_per_event', unit: 'µs/event', more: run => rate(run.events_per_s) }
const publication = { cost: 'cpu_us_per_pub', unit: 'µs/pub', more: run => rate(run.pubs_per_s) }
const memory = {
  cost: 'rss_bytes_per_session',
  unit: 'bytes/session',
  more: run => `opened ${rate(run.sessions_per_s)}`,
}
// The rate is given here, so the latency is what is worth reading.
const paced = { ...event, more: run => `p50 ${Math.round(run.p50_us)} µs` }

export const scenarios = {
  rpc: { title: 'rpc, 64 in flight', load: 'rpc --window 64', ...call },
  'rpc-10x10': {
    title: 'rpc, 10 callers, 10 callees, 16 in flight each',
    load: 'rpc --callers 10 --callees 10 --window 16',
    ...call,
  },
  'rpc-1': { title: 'rpc, 1 in flight', load: 'rpc --window 1', ...call },
  'rpc-4k': { title: 'rpc, 4 KiB, 16 in flight', load: 'rpc --window 16 --payload 4096', ...call },
  'rpc-progress': {
    title: 'rpc with 10 progressive results, 16 in flight',
    load: 'rpc --window 16 --progress 10',
    builtIn: true,
    ...call,
  },
  'rpc-10000': {
    title: 'rpc among 10000 registrations, 64 in flight',
    load: 'rpc --window 64 --extra 10000',
    builtIn: true,
    ...call,
  },
  'rpc-shared-100': {
    title: 'rpc shared by 100 callees, 64 in flight',
    load: 'rpc --window 64 --callees 100 --invoke roundrobin',
    builtIn: true,
    ...call,
  },
  'fanout-1': { title: 'fan-out to 1', load: 'fanout --subs 1', ...event },
  'fanout-100': { title: 'fan-out to 100', load: 'fanout --subs 100', ...event },
  'fanout-1000': { title: 'fan-out to 1000', load: 'fanout --subs 1000', ...event },
  'fanout-10000': {
    title: 'fan-out to 10000',
    load: 'fanout --subs 10000',
    ...event,
  },
  'fanout-rate': {
    title: 'fan-out to 100, 300 publications/s',
    load: 'fanout --subs 100 --rate 300',
    ...paced,
  },
  'pairs-1': { title: '1 pair', load: 'pairs --pairs 1 --window 16', ...event },
  'pairs-100': { title: '100 pairs', load: 'pairs --pairs 100', ...event },
  'pairs-1000': { title: '1000 pairs', load: 'pairs --pairs 1000 --window 1', ...event },
  'wildcard-10': { title: '10 patterns', load: 'wildcard --subs 10', ...publication },
  'wildcard-1000': { title: '1000 patterns', load: 'wildcard --subs 1000', ...publication },
  'wildcard-10000': { title: '10000 patterns', load: 'wildcard --subs 10000', ...publication },
  'wildcard-100000': { title: '100000 patterns', load: 'wildcard --subs 100000', ...publication },
  // Several source addresses, because one has too few ports for many sessions.
  connect: {
    title: '10000 idle sessions',
    load: 'connect --sessions 10000 --src 8',
    ...memory,
  },
}

/** Takes under 3 minutes with three routers. */
export const shortSet = ['rpc', 'fanout-100', 'pairs-100']

function rate(perSecond) {
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toFixed(2)}M/s`
  if (perSecond >= 1e4) return `${Math.round(perSecond / 1e3)}k/s`
  return `${Math.round(perSecond)}/s`
}
