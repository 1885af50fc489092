import { z } from 'zod'
import { addresses, secret, tlsSchema, whole } from './values.ts'

const redisSchema = z
  .strictObject({
    mode: z
      .enum(['single', 'sentinel', 'cluster'])
      .default('single')
      .describe('One server, a master that Sentinels name, or a Redis Cluster'),
    url: z
      .string()
      .regex(/^rediss?:\/\/\S+$/, 'write redis://host:port/db, or rediss:// for TLS')
      .default('redis://127.0.0.1:6379')
      .describe('The single server'),
    sentinels: addresses('Some sentinels, host:port'),
    sentinelName: z.string().min(1).default('mymaster').describe('What the sentinels call the master'),
    sentinelUsername: z.string().default('').describe('User at the sentinels'),
    sentinelPassword: secret('Password at the sentinels'),
    nodes: addresses('Some nodes of the cluster, host:port; the others are learned from them'),
    username: z.string().default('').describe('User at the servers'),
    password: secret('Password at the servers'),
    tls: tlsSchema.describe('Encryption'),
    keyPrefix: z
      .string()
      .regex(/^[^{}]+$/, 'leave braces out: they say what a Redis Cluster hashes')
      .default('murmur')
      .describe('Begins every key; two pipelines on one Redis need two'),
    replicas: whole(0)
      .optional()
      .describe(
        'So many replicas must have a state before its batch commits, so that a fail-over loses none; 0 for a single server, else 1, unless told',
      ),
  })
  .prefault({})

export const storeSchema = z
  .strictObject({
    driver: z
      .enum(['embedded', 'redis'])
      .default('embedded')
      .describe('Where keyed state lives: in the data folder, or on Redis'),
    redis: redisSchema.describe('Where the driver is redis'),
  })
  .prefault({})
