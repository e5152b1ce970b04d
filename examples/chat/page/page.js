/* global autobahn: of the script before this one */
const ROOM = 'com.example.chat.room.'
const HERE = 'com.example.chat.here.'
const $ = id => document.getElementById(id)

let name = localStorage.getItem('name') ?? ''
let session // while there is a connection
let subscription // to the room
const people = new Map() // by room

const room = () => decodeURIComponent(location.hash.slice(1)) || 'lobby'

// The door: who has said a name before comes in at once.
$('enter').onsubmit = event => {
  event.preventDefault()
  name = $('name').value.trim()
  localStorage.setItem('name', name)
  $('door').close()
  connect()
}
$('door').oncancel = event => event.preventDefault()
if (name === '') $('door').showModal()
else connect()

function connect() {
  const url = `${location.origin.replace('http', 'ws')}/ws`
  const connection = new autobahn.Connection({
    ...{ url, realm: 'chat', authmethods: ['anonymous'], authid: name },
    // It comes back by itself, however long the router is away.
    ...{ max_retries: -1, max_retry_delay: 5 },
  })
  connection.onopen = async opened => {
    session = opened
    state('')
    people.clear()
    // The rooms, and who is in them: now, and whenever that changes.
    await session.subscribe(HERE, whoIsThere, { match: 'prefix', get_retained: true })
    await enter()
    $('text').focus()
  }
  connection.onclose = () => {
    session = undefined
    state('The connection is gone. Trying again …')
    return false
  }
  connection.open()
}

function whoIsThere([names], _, { topic }) {
  people.set(topic.slice(HERE.length), names)
  showRooms()
}

/** Leaves one room for another. */
async function enter() {
  const topic = ROOM + room()
  showRooms()
  if (subscription?.session === session) await session.unsubscribe(subscription)
  $('messages').replaceChildren()
  // First what comes, then what was: nothing falls in between, and what is in both is shown once.
  const shown = new Set()
  const once = (publication, message, add) => {
    if (!shown.has(publication)) add(message)
    shown.add(publication)
  }
  subscription = await session.subscribe(topic, ([text], _, { publication, publisher_authid }) => {
    once(publication, messageOf(text, publisher_authid, new Date()), show)
  })
  const id = await session.call('wamp.subscription.lookup', [ROOM, { match: 'prefix' }])
  const latest = { topic, limit: 100, reverse: true }
  const { args: events } = await session.call('wamp.subscription.get_events', [id], latest)
  for (const { publication, details, args, timestamp } of events) {
    const message = messageOf(args[0], details.publisher_authid, new Date(timestamp))
    once(publication, message, message => $('messages').prepend(message))
  }
  scrollToEnd()
}

function messageOf(text, from, time) {
  const message = element('article', { className: from === name ? 'mine' : '' })
  const at = element('time', {
    dateTime: time.toISOString(),
    textContent: time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }),
  })
  message.append(element('strong', { textContent: from }), at, element('p', { textContent: text }))
  message.firstChild.style.setProperty('--hue', hueOf(from))
  return message
}

/** Appends a message, and scrolls along where the end was in sight. */
function show(message) {
  const { scrollTop, clientHeight, scrollHeight } = $('messages')
  const wasAtEnd = scrollTop + clientHeight > scrollHeight - 50
  $('messages').append(message)
  if (wasAtEnd) scrollToEnd()
}

function scrollToEnd() {
  $('messages').scrollTo(0, $('messages').scrollHeight)
}

function showRooms() {
  const here = room()
  $('title').textContent = here
  document.title = `${here} · Chat`
  const names = people.get(here) ?? []
  $('people').replaceChildren(...names.map(textContent => element('li', { textContent })))
  const open = [...people].filter(([, names]) => names.length > 0).map(([name]) => name)
  const all = [...new Set(['lobby', here, ...open])].sort()
  $('rooms').replaceChildren(
    ...all.map(name => {
      const link = element('a', { href: `#${encodeURIComponent(name)}`, textContent: name })
      if (name === here) link.ariaCurrent = 'page'
      link.dataset.people = people.get(name)?.length ?? 0
      const item = element('li')
      item.append(link)
      return item
    }),
  )
  document.querySelector('[aria-current]').scrollIntoView({ block: 'nearest', inline: 'nearest' })
}

// Another room: its name becomes a part of a URI, where there is no place for spaces, dots and `#`.
let entering = Promise.resolve()
window.onhashchange = () => {
  entering = entering.then(() => session && enter()).catch(complain)
}
$('open').onsubmit = event => {
  event.preventDefault()
  const asked = $('new')
    .value.trim()
    .toLowerCase()
    .replace(/[\s.#]+/g, '-')
  if (asked !== '') location.hash = encodeURIComponent(asked)
  $('new').value = ''
}

$('say').onsubmit = async event => {
  event.preventDefault()
  const text = $('text').value.trim()
  if (text === '' || session === undefined) return
  $('text').value = ''
  // Acknowledged, so that a refusal is heard of; and one's own messages come in the order of all.
  const options = { acknowledge: true, exclude_me: false }
  await session.publish(subscription.topic, [text], {}, options).catch(error => {
    $('text').value = text
    complain(error)
  })
}

function complain({ error, args, message }) {
  state(args?.[0] ?? error ?? message)
}
function state(text) {
  $('state').textContent = text
}

function element(name, properties = {}) {
  return Object.assign(document.createElement(name), properties)
}

/** A colour of their own for each. */
function hueOf(name) {
  let hue = 0
  for (const character of name) hue = (hue * 137 + character.codePointAt(0) * 47) % 360
  return hue
}
