import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../schemas/root.ts'
import { workplace } from './fixture.ts'

/** Real posts, where they lie beside the project. */
const posts = join(packageRoot(), '..', 'shared', 'data', 'replay', 'airline-tweets', 'tweets.jsonl')
const { json, start } = workplace()

test.skipIf(!existsSync(posts))(
  'each of 14,640 posts to airlines becomes one row with language, intent and sentiment (needs ../shared/data/replay/airline-tweets)',
  async () => {
    const pipeline = await start()
    const map = [
      'id=',
      'occurredAt=time',
      "channel='social'",
      'attributes.tweet=id',
      'attributes.airline=airline',
    ]
    expect(await json('ingest', posts, '--map', ...map, '--wait')).toMatchObject({
      read: 14_640,
      written: 14_640,
      rejected: 0,
      unseenColumns: [],
    })
    const sql = `SELECT count() AS n, uniqExact(id) AS ids, countIf(language = '') AS noLanguage,
      countIf(intent = '') AS noIntent, countIf(sentiment = '') AS noSentiment, uniq(attributes['airline']) AS airlines,
      countIf(language = 'en') > 14000 AS english FROM processed WHERE channel = 'social' AND role = 'user'`
    expect(await json('query', sql)).toEqual([
      { n: 14_640, ids: 14_640, noLanguage: 0, noIntent: 0, noSentiment: 0, airlines: 6, english: 1 },
    ])
    expect((await pipeline.stop()).code).toBe(0)
  },
  120_000,
)
