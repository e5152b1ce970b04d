/**
 * Messages up to twice the limit are taken in, so that their sender hears why it is cut
 * off; beyond, uWebSockets.js drops the connection without a word, and `ws` closes it without one.
 */
export const HEADROOM = 2

/** What a sender of more than `limit` bytes reads in the close frame. */
export function tooLarge(limit: number): string {
  return `messages may have at most ${limit} bytes`
}
