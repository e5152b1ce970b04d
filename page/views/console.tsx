import { useEffect } from 'preact/hooks'
import { milliseconds } from '../parts/format.ts'
import { Head } from '../parts/head.tsx'
import { Icon } from '../parts/icon.tsx'
import { Json } from '../parts/json.tsx'
import { type Draft, draft, faultOfJson, outcome, send, underWay } from '../state/console.ts'
import { keepRealm, useRealm } from '../state/realms.ts'
import { route } from '../state/route.ts'
import { Editor } from './editor.tsx'
import { History } from './history.tsx'

/** Calls and publishes by hand. */
export function ConsoleView() {
  const { realm: usual, realms } = useRealm()
  const typed = draft.value
  const realm = typed.realm || usual
  const { call, publish } = route.value.query
  // Links of other views bring what they are about.
  useEffect(() => {
    const uri = call ?? publish
    if (uri === undefined) return
    const kind = call === undefined ? 'publish' : 'call'
    draft.value = { ...draft.value, kind, uri, realm: usual }
  }, [call, publish, usual])

  const change = (changes: Partial<Draft>) => {
    draft.value = { ...typed, ...changes }
  }
  const roles = realms?.find(({ name }) => name === realm)?.roles ?? []
  const isSound =
    typed.uri.trim() !== '' &&
    realm !== '' &&
    faultOfJson(typed.args, 'array') === '' &&
    faultOfJson(typed.kwargs, 'object') === '' &&
    faultOfJson(typed.options, 'object') === ''
  const run = () => {
    if (!isSound || underWay.value !== null) return
    keepRealm(realm)
    void send({ ...typed, realm, uri: typed.uri.trim() })
  }
  const isCall = typed.kind === 'call'
  return (
    <>
      <Head title="Console" />
      <div class="console">
        <form
          class="card composer"
          aria-label="What is sent"
          onSubmit={event => {
            event.preventDefault()
            run()
          }}
          onKeyDown={event => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault()
              run()
            }
          }}
        >
          <div class="line">
            <fieldset class="segments">
              <legend class="unseen">What to do</legend>
              {(['call', 'publish'] as const).map(kind => (
                <label key={kind}>
                  <input
                    type="radio"
                    name="kind"
                    checked={kind === typed.kind}
                    onChange={() => change({ kind })}
                  />
                  <span>{kind === 'call' ? 'Call' : 'Publish'}</span>
                </label>
              ))}
            </fieldset>
            <label class="choice">
              <span>Realm</span>
              <select
                value={realm}
                onChange={event => change({ realm: event.currentTarget.value, role: '' })}
              >
                {!realms?.some(({ name }) => name === realm) && (
                  <option value={realm}>{realm || '–'}</option>
                )}
                {realms?.map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </label>
            <label class="choice">
              <span>Role</span>
              <select
                value={typed.role}
                title="Without a role all is allowed"
                onChange={event => change({ role: event.currentTarget.value })}
              >
                <option value="">none, all is allowed</option>
                {roles.map(name => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </label>
          </div>
          <label class="field">
            {isCall ? 'Procedure' : 'Topic'}
            <input
              data-first
              class="mono"
              value={typed.uri}
              placeholder={isCall ? 'com.example.add' : 'com.example.news'}
              spellcheck={false}
              autoCapitalize="off"
              onInput={event => change({ uri: event.currentTarget.value })}
            />
          </label>
          <Editor name="Args" kind="array" text={typed.args} onInput={args => change({ args })} />
          <Editor
            name="Kwargs"
            kind="object"
            text={typed.kwargs}
            onInput={kwargs => change({ kwargs })}
          />
          <details class="more" open={typed.options.trim() !== '{}' && typed.options !== ''}>
            <summary>Options</summary>
            <Editor
              name="Options"
              kind="object"
              text={typed.options}
              onInput={options => change({ options })}
            />
          </details>
          <div class="actions">
            <span class="hint">
              <kbd>Ctrl</kbd> <kbd>Enter</kbd>
            </span>
            {/* With keys they are two: a click on the one must not become a click on the other. */}
            {underWay.value === null ? (
              <button key="run" type="submit" class="primary" disabled={!isSound}>
                <Icon name="play" />
                {isCall ? 'Call' : 'Publish'}
              </button>
            ) : (
              <button key="give-up" type="button" onClick={() => underWay.value?.abort()}>
                Give up
              </button>
            )}
          </div>
        </form>
        <Result />
        <History onRun={one => void send(one)} />
      </div>
    </>
  )
}

function Result() {
  const made = outcome.value
  return (
    <section class="card result" aria-labelledby="result" aria-live="polite">
      <h2 id="result">Result</h2>
      {underWay.value !== null && <p class="soft">Waiting for the answer …</p>}
      {underWay.value === null && made === null && (
        <p class="empty">What comes of a call or publication is shown here.</p>
      )}
      {underWay.value === null && made !== null && (
        <>
          <p class={made.isGood ? 'outcome good' : 'outcome bad'}>
            <b>
              {made.isGood ? (made.draft.kind === 'call' ? 'Answered' : 'Published') : 'Failed'}
            </b>{' '}
            <span class="soft">in {milliseconds(made.took)}</span> <code>{made.draft.uri}</code>
          </p>
          {!made.isGood && made.error !== '' && (
            <p>
              <code class="bad">{made.error}</code>
            </p>
          )}
          {made.text !== '' && <p>{made.text}</p>}
          {made.parts.map(([name, value]) => (
            <div key={name}>
              <h3>{name}</h3>
              <Json value={value} />
            </div>
          ))}
        </>
      )}
    </section>
  )
}
