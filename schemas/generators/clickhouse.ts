import type { Field, FieldType, RecordSchema } from '../files.ts'
import type { Table, View } from '../tables.ts'

/** How one topic is laid out as a table. */
export interface TableLayout {
  readonly topic: string
  readonly schema: RecordSchema
  /** The Avro field whose month a row is filed under. */
  readonly time: string
  /** The Avro fields that rows are sorted by. */
  readonly order: readonly string[]
  /** The Avro field that rows are spread over the shards of a cluster by. */
  readonly shard: string
}

interface Column {
  readonly name: string
  readonly type: string
  readonly comment: string
  /** What the column is made of, over the Avro fields as ClickHouse reads them. */
  readonly expression: string
}

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

/** Writes the tables, and the columns that an insert fills from an Avro block. */
export function clickhouse(layouts: readonly TableLayout[]): string {
  const tables = layouts.map((layout) => ({ ...layout, columns: layout.schema.fields.flatMap(column) }))
  return `import type { Table, View } from '../tables.ts'

/** The columns of each table, and what each is made of over the fields of the Avro block. */
export const columns = {
${tables.map(({ topic, columns }) => `  ${topic}: [\n${columns.map(literal).join('')}  ],\n`).join('')}} as const

export const tables: readonly Table[] = ${JSON.stringify([...tables.map(table), rollup], null, 2)}

export const views: readonly View[] = ${JSON.stringify([rollupView], null, 2)}
`
}

const literal = ({ name, expression }: Column) =>
  `    { name: '${name}', expression: ${JSON.stringify(expression)} },\n`

const table = ({
  topic,
  time,
  order,
  shard,
  columns,
}: TableLayout & { columns: readonly Column[] }): Table => ({
  name: topic,
  engine: 'MergeTree',
  columns: columns.map(definition),
  partition: `toYYYYMM(\`${snakeCase(time)}\`)`,
  order: order.map((field) => `\`${snakeCase(field)}\``).join(', '),
  shard: snakeCase(shard),
})

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
const rollup: Table = {
  name: 'sentiment_by_minute',
  engine: 'AggregatingMergeTree',
  columns: [
    "`minute` DateTime('UTC') COMMENT 'Start of the minute'",
    "`channel` LowCardinality(String) COMMENT 'Where it was said'",
    "`language` LowCardinality(String) COMMENT 'en, zh, mixed or other'",
    "`intent` LowCardinality(String) COMMENT 'The most likely intent'",
    "`sentiment` LowCardinality(String) COMMENT 'Polarity'",
    "`utterances` SimpleAggregateFunction(sum, UInt64) COMMENT 'How many'",
    "`score` SimpleAggregateFunction(sum, Float64) COMMENT 'Sum of their sentiment scores'",
  ],
  partition: 'toYYYYMM(`minute`)',
  order: '`channel`, `minute`, `language`, `intent`, `sentiment`',
  shard: 'channel',
}

const rollupView: View = {
  name: 'sentiment_by_minute_view',
  into: rollup.name,
  select:
    "toStartOfMinute(toDateTime(occurred_at, 'UTC')) AS minute, channel, language, intent, sentiment, count() AS utterances, sum(toFloat64(sentiment_score)) AS score",
  from: 'processed',
  rest: "WHERE role = 'user' GROUP BY minute, channel, language, intent, sentiment",
}
