/** A URI with the way that others are compared with it, where that is not the usual one. */
export function Uri({ uri, match = 'exact' }: { uri: string; match?: string }) {
  return (
    <span class="uri">
      <code title={uri}>{uri === '' ? '(empty)' : uri}</code>
      {match !== 'exact' && <span class="tag">{match}</span>}
    </span>
  )
}

/** How many characters of both ends of a long id are shown. */
const END = 5

/** An id; long ones are cut in the middle, and whole on hover. */
export function Id({ of }: { of: number }) {
  const text = String(of)
  const cut = text.length <= 2 * END + 1 ? text : `${text.slice(0, END)}…${text.slice(-END)}`
  return (
    <code class="id" title={text}>
      {cut}
    </code>
  )
}
