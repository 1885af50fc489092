import { z } from 'zod'
import { addresses, duration, secret, tlsSchema, whole } from './values.ts'

const saslSchema = z
  .strictObject({
    mechanism: z
      .enum(['none', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'])
      .default('none')
      .describe('How to log in'),
    username: z.string().default('').describe('User, for PLAIN and SCRAM'),
    password: secret("The user's password"),
    token: secret('Token, for OAUTHBEARER'),
    tokenFile: z
      .string()
      .optional()
      .describe('File that holds the token, read at each connection: for tokens that somebody renews'),
  })
  .prefault({})

const kafkaSchema = z
  .strictObject({
    brokers: addresses('Some brokers, host:port; the others are learned from them', '127.0.0.1:9092'),
    clientId: z.string().min(1).default('murmur').describe('What the brokers call this client in their logs'),
    tls: tlsSchema.describe('Encryption'),
    sasl: saslSchema.describe('Authentication'),
    replicationFactor: whole(1).default(1).describe('Copies of each topic, when it is created'),
    maxMessageBytes: whole(1024)
      .default(10_485_760)
      .describe('Bytes of the largest record batch; set on each topic, and batches are split before it'),
    compression: z
      .enum(['none', 'gzip', 'snappy', 'lz4'])
      .default('none')
      .describe('How batches are compressed'),
    sessionTimeout: duration('6s').describe('How long a silent process keeps its partitions'),
    heartbeat: duration('500ms').describe(
      'How often a process gives a sign of life, and so how soon it hears of a rebalance',
    ),
    rebalanceTimeout: duration('60s').describe(
      'How long a rebalance waits for a process that finishes its batch',
    ),
    transactionTimeout: duration('30s').describe(
      'After so long the broker aborts a transaction that nobody ends',
    ),
    requestTimeout: duration('15s').describe(
      'How long a request may take, with its repetitions, before Kafka counts as away',
    ),
    instance: z
      .string()
      .regex(/^[\w.-]{1,200}$/, 'write letters, digits, ".", "_" and "-"')
      .optional()
      .describe(
        'Name of this process in its groups, which gives it its partitions back at once after a restart; no two processes may share one. `murmur start` makes one for each of its own; a process started with --only has none unless told',
      ),
  })
  .prefault({})

export const logSchema = z
  .strictObject({
    driver: z
      .enum(['embedded', 'kafka'])
      .default('embedded')
      .describe('Where topics live: in the data folder, or on Kafka'),
    partitions: whole(1).default(2).describe('Partitions of each topic, when it is created'),
    retention: duration('72h').describe(
      'Records older than this are removed; by the embedded log only once every group has read them',
    ),
    retentionBytes: whole(1)
      .default(2_147_483_648)
      .describe('Bytes a partition may hold before its oldest records go'),
    maxBytes: whole(1_048_576)
      .default(53_687_091_200)
      .describe(
        'Bytes the embedded log may take on disk; past that, appends are refused until there is room',
      ),
    lease: duration('10s').describe(
      'How long a processor that has stopped answering keeps its partitions of the embedded log',
    ),
    kafka: kafkaSchema.describe('Where the driver is kafka'),
  })
  .prefault({})
