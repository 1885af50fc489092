import { ConnectorError, type ConnectorErrorCode } from '../../errors.ts'

/** What Redis may answer, by the word that it begins with or, where a script ran on an older Redis, contains. */
const answers: readonly (readonly [word: string, code: ConnectorErrorCode, remedy: string])[] = [
  ['WRONGPASS', 'UNAUTHORIZED', 'check the user name and the password'],
  ['NOAUTH', 'UNAUTHORIZED', 'Redis wants a password: set it'],
  [
    'NOPERM',
    'UNAUTHORIZED',
    'allow this user +@read +@write +@scripting +info +wait, on the keys that begin with the prefix',
  ],
  [
    'OOM',
    'STORE_FULL',
    'nothing was saved; raise maxmemory, add nodes, or let keyed state expire earlier (expireAfter)',
  ],
  ['READONLY', 'UNAVAILABLE', 'a replica answered: after a fail-over, the new master is looked for'],
  ['LOADING', 'UNAVAILABLE', 'Redis is still reading its data; this passes'],
  ['CLUSTERDOWN', 'UNAVAILABLE', 'a master is away and not yet replaced; if this stays, see CLUSTER INFO'],
  ['NOREPLICAS', 'UNAVAILABLE', 'bring the replicas back, or lower min-replicas-to-write'],
  ['MISCONF', 'UNAVAILABLE', "Redis can't write to its disk: see its log"],
]

/** Names what failed, where, and what to do. */
export function redisFailure(cause: unknown, address: string, doing: string): ConnectorError {
  if (cause instanceof ConnectorError) return cause
  const { message } = cause as Error
  const known = answers.find(([word]) => message.startsWith(word) || message.includes(` ${word} `))
  const [, code, remedy] = known ?? [
    '',
    'UNAVAILABLE',
    'check that Redis runs and is reached at this address',
  ]
  return new ConnectorError(code, `${address}: ${doing}: ${message}; ${remedy}`, { cause })
}
