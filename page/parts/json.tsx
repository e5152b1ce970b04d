/** JSON as people read it, with its kinds of values told apart. */
export function Json({ value }: { value: unknown }) {
  const text = JSON.stringify(value, null, 2) ?? ''
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <pre class="json" tabIndex={0}>
      {partsOf(text).map(({ kind, text }, i) =>
        kind === '' ? (
          text
        ) : (
          <span class={kind} key={i}>
            {text}
          </span>
        ),
      )}
    </pre>
  )
}

const STRING = /"(?:[^"\\]|\\.)*"/.source
const PART = new RegExp(
  `(${STRING})(?=:)|(${STRING})|(-?\\d[\\d.eE+-]*)|\\b(true|false|null)\\b`,
  'g',
)
const KINDS = ['', 'name', 'string', 'number', 'word']

/** Longer texts are shown plain. */
const MOST = 100_000

function partsOf(text: string): { kind: string; text: string }[] {
  if (text.length > MOST) return [{ kind: '', text }]
  const parts: { kind: string; text: string }[] = []
  let end = 0
  for (const match of text.matchAll(PART)) {
    if (match.index > end) parts.push({ kind: '', text: text.slice(end, match.index) })
    const kind = KINDS[match.findIndex((group, i) => i > 0 && group !== undefined)] ?? ''
    parts.push({ kind, text: match[0] })
    end = match.index + match[0].length
  }
  parts.push({ kind: '', text: text.slice(end) })
  return parts
}
