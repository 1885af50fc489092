import { z } from 'zod'
import { aspectsSchema, languageSchema, slotsSchema, timezone, urgencySchema } from './config/language.ts'
import { logSchema } from './config/log.ts'
import { faultsOf } from './config/sense.ts'
import { storeSchema } from './config/store.ts'
import { duration, durationText, secret, whole } from './config/values.ts'

/** What becomes of a kind of text while cleaning. */
const treatment = z.enum(['keep', 'remove', 'placeholder'])

const registrySchema = z
  .strictObject({
    driver: z
      .enum(['embedded', 'confluent'])
      .default('embedded')
      .describe('Own registry, or an external one'),
    url: z.string().default('http://127.0.0.1:8081').describe('Address of the external registry'),
  })
  .prefault({})

const olapSchema = z
  .strictObject({
    driver: z.enum(['chdb', 'clickhouse']).default('chdb').describe('ClickHouse in the process, or a server'),
    url: z.string().default('http://127.0.0.1:8123').describe('HTTP address of the server, http or https'),
    username: z.string().default('default').describe('User at the server'),
    password: secret('Password at the server'),
    database: z.string().min(1).default('murmur').describe('Database that the tables are made in'),
    ca: z.string().default('').describe('PEM file of the authority that signed the server’s certificate'),
    timeout: duration('1m').describe('An insert unanswered for so long is sent again; it counts once'),
    compression: z.boolean().default(false).describe('Whether blocks are sent gzipped: for a slow network'),
    cluster: z
      .string()
      .default('')
      .describe('A cluster that the server knows: tables are then replicated and distributed over it'),
    quorum: z
      .enum(['one', 'majority'])
      .default('one')
      .describe('How many replicas must have a block before it counts'),
    maxRows: whole(1).default(10_000).describe('Rows that a query may return'),
    maxSeconds: whole(1).default(30).describe('Seconds that a query may take'),
    maxBytes: whole(1).default(67_108_864).describe('Bytes that a query may return'),
  })
  .prefault({})

const gatewaySchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether to open the gateway'),
    host: z.string().default('127.0.0.1').describe('Address to listen on; loopback unless you know why not'),
    port: whole(0).max(65_535).default(8080).describe('Port to listen on'),
  })
  .prefault({})

const feedSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether `murmur start` replays a feed'),
    file: z.string().optional().describe('JSON lines with "at" in seconds; the bundled feed unless told'),
    speed: z.number().positive().default(4).describe('How many times faster than it happened'),
  })
  .prefault({})

const inputSchema = z
  .strictObject({
    format: z
      .enum(['auto', 'avro', 'json'])
      .default('auto')
      .describe("What other programs' values on `utterances` may be, beside Murmur's own Avro; auto: either"),
    map: z
      .array(z.string())
      .default([])
      .describe("How their fields become an utterance's: field=column, as `murmur ingest --map` takes it"),
  })
  .prefault({})

const deadlettersSchema = z
  .strictObject({
    maxShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('A larger share of refused messages stops the processor'),
    window: duration('1m').describe('Over how long the share is taken'),
    minimum: whole(0).default(1000).describe('So many refused messages a window are always allowed'),
  })
  .prefault({})

const cleaningSchema = z
  .strictObject({
    maxLength: whole(1).default(8000).describe('Longer texts are cut, at a grapheme'),
    urls: treatment.default('keep').describe('Web addresses'),
    mentions: treatment.default('keep').describe('@mentions'),
    emoji: treatment.default('keep').describe('Emoji'),
    fullWidth: z.enum(['fold', 'keep']).default('fold').describe('Full-width letters and digits'),
  })
  .prefault({})

const contextSchema = z
  .strictObject({
    turns: whole(0).default(5).describe('Turns that a session remembers'),
    expireAfter: durationText('30m').describe('A session ends after so long a silence, by event time'),
    timezone: timezone.describe('Where the days of those who write begin, for "tomorrow" and 明天'),
  })
  .prefault({})

const pluginSchema = z.strictObject({
  name: z.string().describe('A built-in plugin: sentiment or faq'),
  priority: z.number().optional().describe('Lower runs earlier'),
  when: z.string().optional().describe('CEL condition over the utterance'),
  options: z.record(z.string(), z.unknown()).default({}).describe("The plugin's own options"),
})

const processorSchema = z.strictObject({
  stages: z.array(z.string()).min(1).describe('Stages that run together, in order; or "sink" alone'),
  instances: whole(1).default(1).describe('Processes that share the partitions'),
  publish: z.array(z.string()).default([]).describe('Topics between the stages that are written too'),
  maxRecords: whole(1).default(2048).describe('Records a batch'),
  linger: duration('0ms').describe('How long to wait for a fuller batch'),
})

const defaultProcessors: Record<string, z.input<typeof processorSchema>> = {
  conversation: { stages: ['cleaning', 'intent', 'context', 'plugins'], instances: 2, linger: '4ms' },
  sink: { stages: ['sink'], maxRecords: 50_000, linger: '1s' },
}

/** The one configuration of Murmur. Every key has a default; `murmur.yaml` states the common ones. */
export const configSchema = z
  .strictObject({
    guarantee: z
      .enum(['exactly-once', 'at-least-once'])
      .default('exactly-once')
      .describe(
        'What Kafka is asked for; at-least-once is cheaper, and repeats what a crash interrupts. The embedded log is always exactly once',
      ),
    data: z.string().default('data').describe('Folder for everything embedded'),
    log: logSchema.describe('Topics'),
    store: storeSchema.describe('Keyed state'),
    registry: registrySchema.describe('Schema registry'),
    olap: olapSchema.describe('ClickHouse'),
    gateway: gatewaySchema.describe('HTTP and WebSocket'),
    feed: feedSchema.describe('The replayed feed'),
    input: inputSchema.describe("Other programs' values on `utterances`"),
    deadletters: deadlettersSchema.describe('When refused messages are too many'),
    cleaning: cleaningSchema.describe('The cleaning stage'),
    language: languageSchema.describe('Intent and sentiment'),
    context: contextSchema.describe('The context stage'),
    slots: slotsSchema.describe('What sessions learn beside the built-in slots'),
    aspects: aspectsSchema.describe(
      'What people speak of, each with its terms, "*" for any ending; what they say of a shop unless told',
    ),
    urgency: urgencySchema.describe(
      'Words that press, beside the built-in ones, each with how much, 0 to 1; 0 takes one away',
    ),
    plugins: z
      .array(pluginSchema)
      .default([
        { name: 'sentiment', options: {} },
        { name: 'faq', options: {} },
      ])
      .describe('The plugin chain'),
    processors: z
      .record(z.string(), processorSchema)
      .prefault(defaultProcessors)
      .describe('Which stages run together, and how'),
  })
  .superRefine((config, context) => {
    for (const { path, message } of faultsOf(config))
      context.addIssue({ code: 'custom', path: [...path], message })
  })

export type Config = z.output<typeof configSchema>
