// Generated from schemas/*.avsc by `npm run generate`. Change those instead.

import type { Table, View } from '../tables.ts'

/** The columns of each table, and what each is made of over the fields of the Avro block. */
export const columns = {
  processed: [
    { name: 'id', expression: "`id`" },
    { name: 'conversation', expression: "`conversation`" },
    { name: 'user', expression: "ifNull(`user`, '')" },
    { name: 'channel', expression: "`channel`" },
    { name: 'role', expression: "toString(`role`)" },
    { name: 'text', expression: "`text`" },
    { name: 'media_count', expression: "length(`media`)" },
    { name: 'language_hint', expression: "ifNull(`languageHint`, '')" },
    { name: 'occurred_at', expression: "`occurredAt`" },
    { name: 'attributes', expression: "`attributes`" },
    { name: 'clean_text', expression: "`cleanText`" },
    { name: 'language', expression: "`language`" },
    { name: 'language_confidence', expression: "`languageConfidence`" },
    { name: 'fingerprint', expression: "`fingerprint`" },
    { name: 'truncated', expression: "`truncated`" },
    { name: 'intent', expression: "`intent`" },
    { name: 'intent_confidence', expression: "`intentConfidence`" },
    { name: 'sentiment', expression: "toString(`sentiment`)" },
    { name: 'sentiment_score', expression: "`sentimentScore`" },
    { name: 'tier', expression: "`tier`" },
    { name: 'turn', expression: "`turn`" },
    { name: 'session_started_at', expression: "`sessionStartedAt`" },
    { name: 'user_turns', expression: "`userTurns`" },
    { name: 'negative_turns', expression: "`negativeTurns`" },
    { name: 'slots', expression: "`slots`" },
    { name: 'tags', expression: "`tags`" },
    { name: 'annotations', expression: "`annotations`" },
    { name: 'processed_at', expression: "`processedAt`" },
  ],
  replies: [
    { name: 'id', expression: "`id`" },
    { name: 'conversation', expression: "`conversation`" },
    { name: 'user', expression: "ifNull(`user`, '')" },
    { name: 'channel', expression: "`channel`" },
    { name: 'in_reply_to', expression: "`inReplyTo`" },
    { name: 'text', expression: "`text`" },
    { name: 'plugin', expression: "`plugin`" },
    { name: 'intent', expression: "`intent`" },
    { name: 'confidence', expression: "`confidence`" },
    { name: 'attributes', expression: "`attributes`" },
    { name: 'created_at', expression: "`createdAt`" },
  ],
  alerts: [
    { name: 'id', expression: "`id`" },
    { name: 'rule', expression: "`rule`" },
    { name: 'group', expression: "`group`" },
    { name: 'severity', expression: "toString(`severity`)" },
    { name: 'window_start', expression: "`windowStart`" },
    { name: 'window_end', expression: "`windowEnd`" },
    { name: 'value', expression: "`value`" },
    { name: 'threshold', expression: "`threshold`" },
    { name: 'summary', expression: "`summary`" },
    { name: 'samples', expression: "`samples`" },
    { name: 'created_at', expression: "`createdAt`" },
  ],
  deadletters: [
    { name: 'id', expression: "`id`" },
    { name: 'resolution', expression: "toString(`resolution`)" },
    { name: 'topic', expression: "`topic`" },
    { name: 'partition', expression: "`partition`" },
    { name: 'offset', expression: "`offset`" },
    { name: 'key', expression: "`key`" },
    { name: 'value', expression: "`value`" },
    { name: 'timestamp', expression: "`timestamp`" },
    { name: 'stage', expression: "`stage`" },
    { name: 'code', expression: "`code`" },
    { name: 'reason', expression: "`reason`" },
    { name: 'created_at', expression: "`createdAt`" },
  ],
} as const

export const tables: readonly Table[] = [
  {
    "name": "processed",
    "engine": "MergeTree",
    "columns": [
      "`id` String COMMENT 'Unique: one utterance, one id, however often it is sent'",
      "`conversation` String COMMENT 'Key: order holds within a conversation'",
      "`user` String COMMENT 'Who spoke, as the channel knows them'",
      "`channel` LowCardinality(String) COMMENT 'Where it was said: chat, web, voice, social, review, import …'",
      "`role` LowCardinality(String) COMMENT 'A bot\\'s or an agent\\'s words re-enter as utterances; they are remembered, never answered'",
      "`text` String COMMENT 'What was said, as it was said'",
      "`media_count` UInt32 COMMENT 'Voice notes, pictures, documents: how many'",
      "`language_hint` LowCardinality(String) COMMENT 'BCP 47 tag that the channel claims'",
      "`occurred_at` DateTime64(3, 'UTC') COMMENT 'When it was said'",
      "`attributes` Map(LowCardinality(String), String) COMMENT 'Whatever else the channel knows'",
      "`clean_text` String COMMENT 'Normalised text: NFKC, no control or zero-width characters, single blanks'",
      "`language` LowCardinality(String) COMMENT 'en, zh, mixed or other'",
      "`language_confidence` Float32 COMMENT '0 to 1'",
      "`fingerprint` Int64 COMMENT '52-bit SimHash of the clean text: near-duplicates differ in few bits'",
      "`truncated` Bool COMMENT 'The text was longer than allowed and was cut'",
      "`intent` LowCardinality(String) COMMENT 'The most likely intent, or out_of_scope'",
      "`intent_confidence` Float32 COMMENT 'Calibrated probability, 0 to 1'",
      "`sentiment` LowCardinality(String) COMMENT 'Polarity'",
      "`sentiment_score` Float32 COMMENT '-1 (negative) to 1 (positive)'",
      "`tier` LowCardinality(String) COMMENT 'Which tier of the model answered'",
      "`turn` Int32 COMMENT 'Number of this utterance in its session, from 1'",
      "`session_started_at` DateTime64(3, 'UTC') COMMENT 'When the session\\'s first utterance was said'",
      "`user_turns` Int32 COMMENT 'Utterances of the user so far in the session, this one included'",
      "`negative_turns` Int32 COMMENT 'Of these, negative ones'",
      "`slots` Map(LowCardinality(String), String) COMMENT 'What the session has learnt, as of this utterance'",
      "`tags` Array(LowCardinality(String)) COMMENT 'Set by plugins'",
      "`annotations` Map(LowCardinality(String), String) COMMENT 'Set by plugins, by plugin.field'",
      "`processed_at` DateTime64(3, 'UTC') COMMENT 'When the chain was through'"
    ],
    "partition": "toYYYYMM(`occurred_at`)",
    "order": "`channel`, `occurred_at`, `id`",
    "shard": "conversation"
  },
  {
    "name": "replies",
    "engine": "MergeTree",
    "columns": [
      "`id` String COMMENT 'hash(utterance, plugin)'",
      "`conversation` String COMMENT 'Key'",
      "`user` String COMMENT 'Who is answered'",
      "`channel` LowCardinality(String) COMMENT 'Where to answer'",
      "`in_reply_to` String COMMENT 'Id of the utterance'",
      "`text` String COMMENT 'The answer'",
      "`plugin` LowCardinality(String) COMMENT 'Who answered'",
      "`intent` LowCardinality(String) COMMENT 'Intent that was answered'",
      "`confidence` Float32 COMMENT '0 to 1'",
      "`attributes` Map(LowCardinality(String), String) COMMENT 'Whatever else the channel needs'",
      "`created_at` DateTime64(3, 'UTC') COMMENT 'When it was made'"
    ],
    "partition": "toYYYYMM(`created_at`)",
    "order": "`channel`, `created_at`, `id`",
    "shard": "conversation"
  },
  {
    "name": "alerts",
    "engine": "MergeTree",
    "columns": [
      "`id` String COMMENT 'hash(rule, group, window start)'",
      "`rule` LowCardinality(String) COMMENT 'Name of the rule'",
      "`group` String COMMENT 'Key: what the rule was grouped by'",
      "`severity` LowCardinality(String) COMMENT 'How bad'",
      "`window_start` DateTime64(3, 'UTC') COMMENT 'Inclusive'",
      "`window_end` DateTime64(3, 'UTC') COMMENT 'Exclusive'",
      "`value` Float64 COMMENT 'What was measured'",
      "`threshold` Float64 COMMENT 'What was allowed'",
      "`summary` String COMMENT 'One sentence for a person'",
      "`samples` Array(String) COMMENT 'Ids of some of the utterances'",
      "`created_at` DateTime64(3, 'UTC') COMMENT 'When it was raised'"
    ],
    "partition": "toYYYYMM(`window_start`)",
    "order": "`rule`, `window_start`, `id`",
    "shard": "group"
  },
  {
    "name": "deadletters",
    "engine": "MergeTree",
    "columns": [
      "`id` String COMMENT 'hash(topic, partition, offset, stage)'",
      "`resolution` LowCardinality(String) COMMENT 'A later record of the same id resolves the first'",
      "`topic` LowCardinality(String) COMMENT 'Where the message came from; a source\\'s id for a row that never became one'",
      "`partition` Int32 COMMENT 'Where it came from; -1 for a source'",
      "`offset` Int64 COMMENT 'Where it came from; -1 for a source'",
      "`key` String COMMENT 'The message\\'s key'",
      "`value` String COMMENT 'The message\\'s original bytes'",
      "`timestamp` DateTime64(3, 'UTC') COMMENT 'The message\\'s own time'",
      "`stage` LowCardinality(String) COMMENT 'Which stage refused it'",
      "`code` LowCardinality(String) COMMENT 'Kind of fault, as a word for machines'",
      "`reason` String COMMENT 'What is wrong, with field, value and remedy'",
      "`created_at` DateTime64(3, 'UTC') COMMENT 'When it was refused'"
    ],
    "partition": "toYYYYMM(`created_at`)",
    "order": "`stage`, `created_at`, `id`",
    "shard": "key"
  },
  {
    "name": "sentiment_by_minute",
    "engine": "AggregatingMergeTree",
    "columns": [
      "`minute` DateTime('UTC') COMMENT 'Start of the minute'",
      "`channel` LowCardinality(String) COMMENT 'Where it was said'",
      "`language` LowCardinality(String) COMMENT 'en, zh, mixed or other'",
      "`intent` LowCardinality(String) COMMENT 'The most likely intent'",
      "`sentiment` LowCardinality(String) COMMENT 'Polarity'",
      "`utterances` SimpleAggregateFunction(sum, UInt64) COMMENT 'How many'",
      "`score` SimpleAggregateFunction(sum, Float64) COMMENT 'Sum of their sentiment scores'"
    ],
    "partition": "toYYYYMM(`minute`)",
    "order": "`channel`, `minute`, `language`, `intent`, `sentiment`",
    "shard": "channel"
  }
]

export const views: readonly View[] = [
  {
    "name": "sentiment_by_minute_view",
    "into": "sentiment_by_minute",
    "select": "toStartOfMinute(toDateTime(occurred_at, 'UTC')) AS minute, channel, language, intent, sentiment, count() AS utterances, sum(toFloat64(sentiment_score)) AS score",
    "from": "processed",
    "rest": "WHERE role = 'user' GROUP BY minute, channel, language, intent, sentiment"
  }
]
