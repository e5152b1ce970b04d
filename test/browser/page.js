/* global autobahn, StompJs */

// What the tests have a page do. It is loaded by test/browser/index.html.

/** Opens a session; rejects with the reason where there is none. */
function connect(transport) {
  const connection = new autobahn.Connection({
    realm: 'realm1',
    transports: [transport],
    max_retries: 0,
  })
  return new Promise((resolve, reject) => {
    connection.onopen = session => resolve({ connection, session })
    connection.onclose = reason => {
      reject(new Error(reason))
      return true
    }
    connection.open()
  })
}

/** A promise, and what resolves it. */
function promised() {
  let resolve
  const promise = new Promise(settle => {
    resolve = settle
  })
  return { promise, resolve }
}

// biome-ignore lint/correctness/noUnusedVariables: called by the tests
const tests = {
  /** Subscribes, publishes, registers and calls; gives what is heard and answered. */
  async wamp(transport) {
    const { connection, session } = await connect(transport)
    const { promise: heard, resolve } = promised()
    await session.subscribe('of.the.page', (args, kwargs) => resolve([args, kwargs]))
    const options = { acknowledge: true, exclude_me: false }
    await session.publish('of.the.page', [1, 'grüß 🦀'], { k: null }, options)
    await session.register('of.the.page', args => args[0] + args[1])
    const sum = await session.call('of.the.page', [2, 3])
    const other = await session.call('of.the.router', ['x'])
    const event = await heard
    connection.close()
    return { event, sum, other }
  },

  async stomp(brokerURL) {
    const client = new StompJs.Client({ brokerURL, reconnectDelay: 0 })
    const { promise: heard, resolve } = promised()
    client.onConnect = () => {
      client.subscribe('/topic/of.the.page', ({ body }) => resolve(body))
      client.publish({ destination: '/topic/of.the.page', body: 'by STOMP' })
    }
    client.activate()
    const body = await heard
    await client.deactivate()
    return body
  },

  async post(url, body, headers = {}) {
    const answer = await fetch(url, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...headers },
    })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
  },

  /** Listens by EventSource, publishes, and gives the event. */
  async events(base, topic) {
    const source = new EventSource(`${base}/subscribe/${topic}`)
    const opened = promised()
    const heard = promised()
    source.onopen = opened.resolve
    source.onmessage = ({ data, lastEventId }) => heard.resolve({ data, lastEventId })
    await opened.promise
    const { body } = await tests.post(`${base}/publish/${topic}`, [1])
    const { data, lastEventId } = await heard.promise
    source.close()
    return { ...JSON.parse(data), isIdOfPublication: lastEventId === String(body.publication) }
  },

  /** Listens to events until there are some, however often the stream ends. */
  listen(base, topic) {
    tests.heard = []
    tests.ends = 0
    tests.source = new EventSource(`${base}/subscribe/${topic}`)
    tests.source.onmessage = ({ data }) => tests.heard.push(JSON.parse(data).args[0])
    tests.source.onerror = () => tests.ends++
    return new Promise(resolve => {
      tests.source.onopen = () => resolve(true)
    })
  },
}
