/**
 * The bytes that connections of a router hold for their readers: what the kernel has not taken. It
 * is a sum that each outbox keeps up to date, so that to ask for it costs nothing.
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
