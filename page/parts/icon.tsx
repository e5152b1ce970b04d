/** Lines in a field of 20 by 20. */
const SHAPES = {
  overview: 'M3 10h3l2.500-6 3 12 2.500-6h3',
  realms: 'M10 3 3 6.500l7 3.500 7-3.500L10 3ZM3 10l7 3.500L17 10M3 13.500 10 17l7-3.500',
  sessions:
    'M7.500 9a2.750 2.750 0 1 0 0-5.500 2.750 2.750 0 0 0 0 5.500ZM2.500 16.500c0-2.800 2.200-4.500 5-4.500s5 1.700 5 4.500M13 4a2.500 2.500 0 0 1 0 4.800M14.500 12.300c1.800.6 3 2.100 3 4.200',
  registrations: 'M7 5 2.500 10 7 15M13 5l4.500 5-4.500 5',
  subscriptions:
    'M4 16.500a.5.500 0 1 0 0-.1M3.500 10.500a6 6 0 0 1 6 6M3.500 4.500a12 12 0 0 1 12 12',
  slow: 'M5 3h10M5 17h10M6 3c0 4 3.500 5 3.500 7S6 13 6 17M14 3c0 4-3.500 5-3.500 7s3.500 3 3.500 7',
  trace: 'M3 5h9M3 10h14M3 15h6M14 3l2.500 2L14 7M11 13l2.500 2-2.500 2',
  console: 'm4 6 4 4-4 4M10 15h6',
  search: 'M9 14.500a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11ZM13 13l4 4',
  close: 'm5 5 10 10M15 5 5 15',
  menu: 'M3 5.500h14M3 10h14M3 14.500h14',
  system: 'M3 4h14v9.500H3zM7.500 17h5M10 13.500V17',
  light:
    'M10 13.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM10 2v1.500M10 16.500V18M2 10h1.500M16.500 10H18M4.300 4.300l1.100 1.100M14.600 14.600l1.100 1.100M4.300 15.700l1.100-1.100M14.600 5.400l1.100-1.100',
  dark: 'M16.500 12A7 7 0 0 1 8 3.500a7 7 0 1 0 8.500 8.500Z',
  keys: 'M2.500 5.500h15v9h-15zM5.500 8.500h.1M8.500 8.500h.1M11.500 8.500h.1M14.500 8.500h.1M6 11.800h8',
  leave: 'M8 3.500H4v13h4M12.500 6.500 16 10l-3.500 3.500M16 10H8',
  warning: 'M10 3.500 2.500 16.500h15L10 3.500ZM10 8.500v3.500M10 14.200v.1',
  play: 'M6 4.500v11l9-5.500-9-5.500Z',
  stop: 'M5.500 5.500h9v9h-9z',
  download: 'M10 3v9.500M6 9l4 4 4-4M4 16.500h12',
  again: 'M15.500 7A6.200 6.200 0 1 0 16.200 11M16 3.500V7h-3.500',
  received: 'M15 5 5.500 14.500M5.500 7.500v7h7',
  sent: 'm5 15 9.500-9.500M7.500 5.500h7v7',
  chevron: 'm7.500 5 5 5-5 5',
} as const

export type IconName = keyof typeof SHAPES

/** A drawing beside words, or with a label of its own on what it stands in. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={SHAPES[name]} />
    </svg>
  )
}
