/**
 * The bytes that a router holds for its clients: what the kernel has not taken, batches that wait for
 * their turn, payloads of calls that may need a callee yet. It is a sum that each who holds some keeps
 * up to date, so that to ask for it costs nothing.
 */
export class Backlog {
  bytes = 0
  /** With more bytes than these `onMark` is called, again and again. */
  mark: number = Number.POSITIVE_INFINITY
  onMark: () => void = () => {}

  add(bytes: number): void {
    this.bytes += bytes
    if (this.bytes > this.mark) this.onMark()
  }
}
