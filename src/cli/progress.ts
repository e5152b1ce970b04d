/** A bar on standard error, from 0 to 1, or none any more; for terminals. */
export function showProgress(done: number | undefined): void {
  const { stderr } = process
  if (!stderr.isTTY) return
  const bar = done === undefined ? '' : '='.repeat(Math.round(done * 30)).padEnd(30)
  stderr.write(done === undefined ? '\r\x1b[K' : `\r[${bar}] ${Math.round(done * 100)} %`)
}
