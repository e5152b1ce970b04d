import { createRequire } from 'node:module'
import type { Autobahn } from 'autobahn'
import autobahn22 from 'autobahn'
import autobahn26 from 'autobahn-26'
import { Wampy } from 'wampy'
import { sign as signCryptosign } from 'wampy/cryptosign.js'
import { sign as signCra } from 'wampy/wampcra.js'
import { WebSocket } from 'ws'
import { signer } from '../../src/auth/cryptosign.ts'
import './autobahn-js.ts'
import { pythonFlavours, pythonLogin } from './python.ts'

/** What somebody comes with. For `cryptosign` the secret is the hex of the private key's seed. */
export interface Credential {
  readonly method: 'ticket' | 'wampcra' | 'cryptosign' | 'scram'
  readonly authid: string
  readonly secret: string
}

/** Joins realm1, leaves at once, and gives the authid, role and method of WELCOME, or why not. */
export interface Login {
  readonly name: string
  readonly methods: readonly Credential['method'][]
  try(url: string, credential: Credential): Promise<string>
}

export const logins: Login[] = [
  {
    name: 'Autobahn|JS 22',
    methods: ['ticket', 'wampcra', 'cryptosign'],
    try: by(autobahn22, 'autobahn'),
  },
  {
    name: 'Autobahn|JS 26',
    methods: ['ticket', 'wampcra', 'cryptosign'],
    try: by(autobahn26, 'autobahn-26'),
  },
  { name: 'wampy', methods: ['ticket', 'wampcra', 'cryptosign'], try: byWampy },
  ...pythonFlavours.map(
    (flavour): Login => ({
      name: `Autobahn|Python ${flavour}`,
      methods: ['ticket', 'wampcra', 'cryptosign', 'scram'],
      try: (url, credential) => pythonLogin(flavour, { url, ...credential }),
    }),
  ),
]

/** The parts of Autobahn|JS that sign, which its types here do not know. */
interface Signing {
  auth_cra: {
    sign(key: string, challenge: unknown): string
    derive_key(secret: string, salt: unknown, iterations: unknown, keylen: unknown): string
  }
  auth_cryptosign: { sign_challenge(pair: unknown, extra: object): string }
}

function by(autobahn: Autobahn, from: string): Login['try'] {
  const { auth_cra, auth_cryptosign } = autobahn as unknown as Signing
  // Autobahn|JS makes key pairs of a seed in a browser's local storage only.
  const near = createRequire(createRequire(import.meta.url).resolve(from))
  const nacl = near('tweetnacl')

  return (url, { method, authid, secret }) => {
    const answers: Record<string, (extra: Record<string, unknown>) => string> = {
      ticket: () => secret,
      wampcra: ({ challenge, salt, iterations, keylen }) =>
        auth_cra.sign(
          salt === undefined ? secret : auth_cra.derive_key(secret, salt, iterations, keylen),
          challenge,
        ),
      cryptosign: extra =>
        auth_cryptosign.sign_challenge(
          nacl.sign.keyPair.fromSeed(Buffer.from(secret, 'hex')),
          extra,
        ),
    }
    const connection = new autobahn.Connection({
      ...{ url, realm: 'realm1', authmethods: [method], authid, max_retries: 0 },
      ...(method === 'cryptosign' ? { authextra: { pubkey: signer(secret).pubkey } } : {}),
      onchallenge: (_: unknown, asked: string, extra: Record<string, unknown>) =>
        answers[asked]?.(extra),
    })
    return new Promise(resolve => {
      let outcome: string | undefined
      connection.onopen = (session, details?: Welcome) => {
        outcome = wordsOf(details ?? (session as unknown as { details: Welcome }).details)
        connection.close()
      }
      connection.onclose = (_, { reason }) => {
        resolve(outcome ?? String(reason))
        return true
      }
      connection.open()
    })
  }
}

interface Welcome {
  authid: string
  authrole: string
  authmethod: string
}

function wordsOf({ authid, authrole, authmethod }: Welcome): string {
  return `${authid} ${authrole} ${authmethod}`
}

async function byWampy(url: string, { method, authid, secret }: Credential): Promise<string> {
  const onChallenge = {
    ticket: () => () => secret,
    wampcra: () => signCra(secret),
    // Its private keys are the seed and the public key.
    cryptosign: () => signCryptosign(secret + signer(secret).pubkey),
    scram: () => undefined,
  }[method]()
  const wampy = new Wampy(url, {
    realm: 'realm1',
    ws: WebSocket as never,
    authid,
    authmethods: [method],
    authextra: method === 'cryptosign' ? { pubkey: signer(secret).pubkey } : {},
    onChallenge: onChallenge as never,
    autoReconnect: false,
  })
  try {
    const welcome = (await wampy.connect()) as unknown as Welcome
    await wampy.disconnect()
    return wordsOf(welcome)
  } catch (error) {
    const { errorUri, message } = error as Error & { errorUri?: string }
    return errorUri ?? message
  }
}
