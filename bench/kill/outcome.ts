import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config.ts'
import { openOlapAlone } from '../../connectors/olap/open.ts'
import type { Opened } from '../../connectors/open.ts'
import type { Processed, Reply } from '../../schemas/generated/events.ts'
import type { Topic } from '../../schemas/topic.ts'
import { deadletters, processed, replies } from '../../schemas/topics.ts'
import { Rejection } from '../../streams/message.ts'
import { lagByGroup, sumOf } from '../../streams/runtime/lag.ts'
import { scan, wholeTopic } from '../../streams/runtime/scan.ts'
import type { Outcome, Row } from './oracle.ts'

/** What each processor has still to read; undefined until it has joined its group. */
export async function lagsOf({ log }: Opened, config: Config): Promise<Map<string, number | undefined>> {
  const lags = await lagByGroup(log)
  return new Map(
    Object.keys(config.processors).map((name) => {
      const lag = lags.get(name)
      return [name, lag && sumOf(lag)]
    }),
  )
}

/** Waits until every processor has read everything. @throws where one makes no progress for a minute */
export async function drained(opened: Opened, config: Config): Promise<void> {
  let deadline = performance.now() + 60_000
  let before = ''
  for (;;) {
    const lags = [...(await lagsOf(opened, config))]
    if (lags.every(([, lag]) => lag === 0)) return
    const now = JSON.stringify(lags)
    if (now !== before) deadline = performance.now() + 60_000
    before = now
    if (performance.now() > deadline) throw new Error(`no progress for a minute, with lags ${now}`)
    await sleep(50)
  }
}

/** Reads back everything that came out, from the log and, while no pipeline runs, from the tables. */
export async function outcome(opened: Opened, config: Config): Promise<Outcome> {
  const olap = openOlapAlone(config)
  const limits = { maxRows: 1e9, maxSeconds: 600, maxBytes: 1e10 }
  const select = async (sql: string) => (await olap.query(sql, limits)).rows
  try {
    return {
      processed: await all<Processed>(opened, processed),
      replies: await all<Reply>(opened, replies),
      rows: (await select(
        'SELECT id, conversation, turn, user_turns AS userTurns, text FROM processed',
      )) as unknown as Row[],
      replyRows: (await select('SELECT id FROM replies')) as { id: string }[],
      rollup: Number((await select('SELECT sum(utterances) AS n FROM sentiment_by_minute'))[0]?.n),
      rollupGroupsWrong: Number((await select(groupsWrong))[0]?.n),
      deadLetters: (await all(opened, deadletters)).length,
      transactions: (await opened.log.transactions()).length,
    }
  } finally {
    await olap.close()
  }
}

const group = 'minute, channel, language, intent, sentiment'
/** Counts the groups of the rollup, and those that the rows make, which the other one has not. */
const groupsWrong = `
  SELECT count() AS n FROM (
    SELECT ${group}, sum(utterances) AS said, sum(points) AS scored FROM (
      SELECT ${group}, toInt64(utterances) AS utterances, score AS points FROM sentiment_by_minute
      UNION ALL
      SELECT toStartOfMinute(toDateTime(occurred_at, 'UTC')) AS minute, channel, language, intent, sentiment, -1, -toFloat64(sentiment_score)
      FROM processed WHERE role = 'user'
    ) GROUP BY ${group}
  ) WHERE said != 0 OR abs(scored) > 0.001`

async function all<T>({ log, registry }: Opened, topic: Topic<T>): Promise<T[]> {
  const values: T[] = []
  for await (const item of scan(log, registry, topic, await wholeTopic(log, topic.name))) {
    if (item instanceof Rejection) throw new Error(item.reason)
    values.push(item.value as T)
  }
  return values
}
