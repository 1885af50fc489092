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
  /** What a row has that was written before there was the field; the type's own default unless told. */
  readonly standard: string
  /** The Avro field that the column is made of. */
  readonly field: string
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
  'modelVersion',
  'emotion',
  'aspect',
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

const literal = ({ name, field, expression }: Column) =>
  `    { name: '${name}', field: '${field}', expression: ${JSON.stringify(expression)} },\n`

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

const definition = ({ name, type, comment, standard }: Column) =>
  `\`${name}\` ${type}${standard && ` DEFAULT '${escaped(standard)}'`} COMMENT '${escaped(comment)}'`

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Arrays that are no column: each turn of a history is a row of its own already. */
const leftOut = new Set(['history'])

/** The column of a field; of media only how many they are. */
function column({ name, type, doc, default: standard }: Field): readonly Column[] {
  if (leftOut.has(name)) return []
  const from = { field: name, standard: typeof standard === 'string' ? standard : '' }
  const value = `\`${name}\``
  if (name === 'media')
    return [
      {
        ...from,
        name: 'media_count',
        type: 'UInt32',
        comment: `${doc}: how many`,
        expression: `length(${value})`,
      },
    ]
  const [kind, expression] =
    JSON.stringify(type) === '["null","string"]'
      ? [columnType(name, 'string'), `ifNull(${value}, '')`]
      : [columnType(name, type), reading(value, type)]
  return [{ ...from, name: snakeCase(name), type: kind, comment: doc, expression }]
}

function columnType(name: string, type: FieldType): string {
  if (type === 'string') return enumerable.has(name) ? 'LowCardinality(String)' : 'String'
  if (isEnum(type)) return 'LowCardinality(String)'
  if (typeof type === 'string' && scalars[type]) return scalars[type]
  const { type: kind, logicalType, items, values, fields } = type as Complex
  if (kind === 'long' && logicalType === 'timestamp-millis') return "DateTime64(3, 'UTC')"
  if (kind === 'map' && values) return `Map(LowCardinality(String), ${columnType(name, values)})`
  if (kind === 'array' && items) return `Array(${columnType(name, items)})`
  if (kind === 'record' && fields)
    return `Tuple(${fields.map((inner) => `\`${snakeCase(inner.name)}\` ${columnType(inner.name, inner.type)}`).join(', ')})`
  throw new Error(
    `field "${name}": no column type for ${JSON.stringify(type)}: add one to generators/clickhouse.ts`,
  )
}

/** What makes a column's value of an Avro value: ClickHouse reads an enum as an Enum, also inside of records. */
function reading(value: string, type: FieldType): string {
  if (isEnum(type)) return `toString(${value})`
  const { items } = type as Complex
  const { fields } = (items ?? {}) as Complex
  if (!fields) return value
  const parts = fields.map((inner) => reading(`item.\`${inner.name}\``, inner.type))
  return `arrayMap(item -> tuple(${parts.join(', ')}), ${value})`
}

/** Of the named types only an enum is used a second time, by its name alone. */
const isEnum = (type: FieldType): boolean =>
  typeof type === 'string' ? /^[A-Z]/.test(type) : (type as Complex).type === 'enum'

interface Complex {
  readonly type: string
  readonly logicalType?: string
  readonly items?: FieldType
  readonly values?: FieldType
  readonly fields?: readonly Field[]
}

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
