import type { Field, FieldType, RecordSchema } from '../files.ts'

/** How one topic is laid out as a table. */
export interface TableLayout {
  readonly topic: string
  readonly schema: RecordSchema
  /** The Avro field whose month a row is filed under. */
  readonly time: string
  /** The Avro fields that rows are sorted by. */
  readonly order: readonly string[]
}

interface Column {
  readonly name: string
  readonly type: string
  readonly comment: string
  /** What the column is made of, over the Avro fields as ClickHouse reads them. */
  readonly expression: string
}

const database = 'murmur'

/** Texts that take few values: ClickHouse keeps them as a dictionary. */
const enumerable = new Set([
  'channel',
  'language',
  'languageHint',
  'intent',
  'tier',
  'rule',
  'plugin',
  'stage',
  'code',
  'topic',
  'tags',
])

/** How many inserted blocks a table remembers by their tokens; a block that comes again is dropped. */
/**
 * The window is how many blocks are remembered by their tokens. The rest is for small blocks that come often:
 * merges of many parts at once rewrite a row less often (a third less CPU for the sink), and parts stay in few files.
 */
const settings =
  'SETTINGS non_replicated_deduplication_window = 10000, merge_selector_base = 15, min_bytes_for_wide_part = 268435456'

/** Writes the statements that make the tables, and the columns that an insert fills from an Avro block. */
export function clickhouse(layouts: readonly TableLayout[]): string {
  const tables = layouts.map((layout) => ({ ...layout, columns: layout.schema.fields.flatMap(column) }))
  const statements = [
    `CREATE DATABASE IF NOT EXISTS ${database}`,
    ...tables.flatMap(({ columns, ...layout }) => [create(layout, columns), addColumns(layout, columns)]),
    ...rollup,
  ]
  return `export const database = '${database}'

/** The columns of each table, and what each is made of over the fields of the Avro block. */
export const columns = {
${tables.map(({ topic, columns }) => `  ${topic}: [\n${columns.map(literal).join('')}  ],\n`).join('')}} as const

/** Makes all tables, and adds what an older installation lacks. Each statement may run again. */
export const migrations: readonly string[] = [
${statements.map((statement) => `  ${JSON.stringify(statement)},\n`).join('')}]
`
}

const literal = ({ name, expression }: Column) =>
  `    { name: '${name}', expression: ${JSON.stringify(expression)} },\n`

function create({ topic, time, order }: TableLayout, columns: readonly Column[]): string {
  return [
    `CREATE TABLE IF NOT EXISTS ${database}.${topic} (${columns.map(definition).join(', ')})`,
    'ENGINE = MergeTree',
    `PARTITION BY toYYYYMM(\`${snakeCase(time)}\`)`,
    `ORDER BY (${order.map((field) => `\`${snakeCase(field)}\``).join(', ')})`,
    settings,
  ].join(' ')
}

/** One statement for all, as each ALTER costs a rewrite of the table's metadata. */
const addColumns = ({ topic }: TableLayout, columns: readonly Column[]): string =>
  `ALTER TABLE ${database}.${topic} ${columns
    .map((column) => `ADD COLUMN IF NOT EXISTS ${definition(column)}`)
    .join(', ')}`

const definition = ({ name, type, comment }: Column) => `\`${name}\` ${type} COMMENT '${escaped(comment)}'`

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** The column of a field; none for an array of records, which is only counted where it is media. */
function column({ name, type, doc }: Field): readonly Column[] {
  if (name === 'media')
    return [
      { name: 'media_count', type: 'UInt32', comment: `${doc}: how many`, expression: 'length(`media`)' },
    ]
  if (isRecordArray(type)) return []
  const text = enumerable.has(name) ? 'LowCardinality(String)' : 'String'
  const made = (type: string, expression = `\`${name}\``): readonly Column[] => [
    { name: snakeCase(name), type, comment: doc, expression },
  ]
  if (type === 'string') return made(text)
  if (JSON.stringify(type) === '["null","string"]') return made(text, `ifNull(\`${name}\`, '')`)
  if (typeof type === 'string' && scalars[type]) return made(scalars[type])
  const { type: kind, logicalType, items, values } = type as Complex
  if (kind === 'enum') return made('LowCardinality(String)', `toString(\`${name}\`)`)
  if (kind === 'long' && logicalType === 'timestamp-millis') return made("DateTime64(3, 'UTC')")
  if (kind === 'map' && values === 'string') return made('Map(LowCardinality(String), String)')
  if (kind === 'array' && items === 'string') return made(`Array(${text})`)
  throw new Error(
    `field "${name}": no column type for ${JSON.stringify(type)}: add one to generators/clickhouse.ts`,
  )
}

interface Complex {
  readonly type: string
  readonly logicalType?: string
  readonly items?: FieldType
  readonly values?: FieldType
}

const isRecordArray = (type: FieldType) =>
  (type as Complex).type === 'array' && typeof (type as Complex).items === 'object'

const scalars: Readonly<Record<string, string>> = {
  boolean: 'Bool',
  int: 'Int32',
  long: 'Int64',
  float: 'Float32',
  double: 'Float64',
  bytes: 'String',
}

/** Sentiment of what users said, by minute: kept up to date by ClickHouse itself as rows come in. */
const rollup = [
  `CREATE TABLE IF NOT EXISTS ${database}.sentiment_by_minute (\`minute\` DateTime('UTC') COMMENT 'Start of the minute', \`channel\` LowCardinality(String) COMMENT 'Where it was said', \`language\` LowCardinality(String) COMMENT 'en, zh, mixed or other', \`intent\` LowCardinality(String) COMMENT 'The most likely intent', \`sentiment\` LowCardinality(String) COMMENT 'Polarity', \`utterances\` SimpleAggregateFunction(sum, UInt64) COMMENT 'How many', \`score\` SimpleAggregateFunction(sum, Float64) COMMENT 'Sum of their sentiment scores') ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(\`minute\`) ORDER BY (\`channel\`, \`minute\`, \`language\`, \`intent\`, \`sentiment\`) ${settings}`,
  `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.sentiment_by_minute_view TO ${database}.sentiment_by_minute AS SELECT toStartOfMinute(toDateTime(occurred_at, 'UTC')) AS minute, channel, language, intent, sentiment, count() AS utterances, sum(toFloat64(sentiment_score)) AS score FROM ${database}.processed WHERE role = 'user' GROUP BY minute, channel, language, intent, sentiment`,
]
