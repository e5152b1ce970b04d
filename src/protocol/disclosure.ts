/**
 * What becomes of a sender's wish for `disclose_me`: it is followed, given without being asked,
 * refused with an error, or passed over.
 */
export const DISCLOSURES = ['requested', 'always', 'refused', 'ignored'] as const
export type Disclosure = (typeof DISCLOSURES)[number]
