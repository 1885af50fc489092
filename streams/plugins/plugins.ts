import { createHash } from 'node:crypto'
import type { Plugin, PluginResult } from '../../plugins/plugin.ts'
import {
  type Contextualised,
  type Processed,
  processedFrom,
  type Reply,
  type Utterance,
} from '../../schemas/generated/events.ts'
import { contextualised, processed, replies, utterances } from '../../schemas/topics.ts'
import type { Message } from '../message.ts'
import { each, type Output, type Stage } from '../stage.ts'
import { type Condition, compile } from './condition.ts'

interface Link {
  readonly plugin: Plugin
  readonly holds: Condition | undefined
}

/** What the chain has gathered about one utterance. */
interface Findings {
  readonly tags: string[]
  readonly annotations: Record<string, string>
  answer: { readonly plugin: string; readonly text: string; readonly confidence: number } | undefined
}

/**
 * The plugin chain: `contextualised` → `processed`. Plugins run one after the other by priority, those whose
 * condition holds; tags and annotations add up, and the first answer becomes a reply. The reply also goes to
 * `utterances`, as the words of the bot, so that the session remembers it. Only users are answered.
 *
 * Ids and times of what it makes come from the utterance, so that a replay makes the same again.
 * @throws where a name stands twice or a condition is wrong, with the plugin's name
 */
export function chain(plugins: readonly Plugin[]): Stage {
  const links = plugins.toSorted((a, b) => a.priority - b.priority).map(link)
  for (const [index, { plugin }] of links.entries())
    if (links.findIndex((other) => other.plugin.name === plugin.name) < index)
      throw new Error(`plugin "${plugin.name}" stands twice in the chain: give each a name of its own`)

  return each(
    { name: 'plugins', from: contextualised, to: processed, also: [replies, utterances] },
    (message, { now }) => {
      const findings: Findings = { tags: [], annotations: {}, answer: undefined }
      const pending = run(links, 0, message.value, findings)
      return pending ? pending.then(() => outputs(message, findings, now)) : outputs(message, findings, now)
    },
  )
}

function link(plugin: Plugin): Link {
  if (plugin.when === undefined) return { plugin, holds: undefined }
  try {
    return { plugin, holds: compile(plugin.when) }
  } catch (error) {
    throw new Error(`plugin "${plugin.name}", condition ${(error as Error).message}`, { cause: error })
  }
}

/** Runs the links from one on; a promise only where a plugin gave one. */
function run(
  links: readonly Link[],
  from: number,
  utterance: Contextualised,
  findings: Findings,
): Promise<void> | undefined {
  for (let i = from; i < links.length; i++) {
    const { plugin, holds } = links[i] as Link
    if (holds && !holds(utterance)) continue
    const result = plugin.process(utterance)
    if (result instanceof Promise)
      return result.then((late) => {
        gather(findings, plugin.name, late)
        return run(links, i + 1, utterance, findings)
      })
    gather(findings, plugin.name, result)
  }
  return undefined
}

function gather(findings: Findings, plugin: string, result: PluginResult | undefined): void {
  if (result === undefined) return
  const { tags, annotations, reply } = result
  for (const tag of tags ?? []) if (!findings.tags.includes(tag)) findings.tags.push(tag)
  for (const field in annotations) findings.annotations[`${plugin}.${field}`] = annotations[field] as string
  if (reply) findings.answer ??= { plugin, ...reply }
}

function outputs(
  message: Message<Contextualised>,
  { tags, annotations, answer }: Findings,
  now: number,
): readonly Output<Processed>[] {
  const done = message.as(processedFrom(message.value, { tags, annotations, processedAt: now }))
  if (answer === undefined || message.value.role !== 'user') return [done]
  const reply = replyTo(message.value, answer, now)
  return [done, message.to(replies, reply), message.to(utterances, spoken(reply, message.value))]
}

const replyTo = (
  { id, conversation, user, channel, intent }: Contextualised,
  { plugin, text, confidence }: NonNullable<Findings['answer']>,
  now: number,
): Reply => ({
  id: createHash('sha1').update(`${id}\n${plugin}`).digest('base64url').slice(0, 22),
  conversation,
  user,
  channel,
  inReplyTo: id,
  text,
  plugin,
  intent,
  confidence,
  attributes: {},
  createdAt: now,
})

/** The reply as what it is for the session: an utterance of the bot, right after the one that it answers. */
const spoken = (reply: Reply, { occurredAt, languageHint }: Contextualised): Utterance => ({
  id: `reply-${reply.id}`,
  conversation: reply.conversation,
  user: null,
  channel: reply.channel,
  role: 'bot',
  text: reply.text,
  media: [],
  languageHint,
  occurredAt: occurredAt + 1,
  attributes: { inReplyTo: reply.inReplyTo },
})
