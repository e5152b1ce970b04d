/** What has become of a publication so far, for a publisher that wants to know. */
export interface Tally {
  /** Sessions that it was given to: what they do not read in time may still be lost with them. */
  receivers: number
  /** Those that went without, as too much waited for them. */
  dropped: number
  /** Those that went without, as they take only shorter messages. */
  oversized: number
  /** Those that went without, as their serializer cannot carry the payload. */
  untranslatable: number
  /** Subscriptions whose members are still being given it. */
  pending: number
}
