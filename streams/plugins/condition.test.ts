import { describe, expect, it } from 'vitest'
import type { Contextualised } from '../../schemas/generated/events.ts'
import { compile } from './condition.ts'

const utterance: Contextualised = {
  id: 'u1',
  conversation: 'c1',
  user: null,
  channel: 'chat',
  role: 'user',
  text: 'Where is my order?',
  media: [],
  languageHint: 'en-GB',
  occurredAt: Date.parse('2025-03-01T12:00:00Z'),
  attributes: { store: 'north' },
  cleanText: 'Where is my order?',
  language: 'en',
  languageConfidence: 0.9,
  fingerprint: 2 ** 51 + 1,
  truncated: false,
  intent: 'order_status',
  intentConfidence: 0.8,
  sentiment: 'negative',
  sentimentScore: -0.5,
  tier: 'linear',
  modelVersion: '2026-01',
  alternatives: [{ intent: 'refund', confidence: 0.25 }],
  labels: { topic: 'parcels' },
  labelConfidences: { topic: 0.75 },
  emotion: 'anger',
  urgency: 0.5,
  aspects: [{ aspect: 'delivery', sentiment: 'negative', score: -0.5 }],
  turn: 4,
  sessionStartedAt: Date.parse('2025-03-01T11:50:00Z'),
  userTurns: 3,
  negativeTurns: 2,
  history: [{ role: 'bot', text: 'Hello', intent: 'greeting', at: 0 }],
  slots: { order_number: 'A-1' },
}

describe('a condition', () => {
  it.each([
    'role == "user" && channel in ["chat", "web", "voice"]',
    'turn == 4 && userTurns - negativeTurns == 1',
    'intentConfidence > 0.75 && sentimentScore < 0.0',
    'occurredAt - sessionStartedAt == duration("10m")',
    'occurredAt.getHours() == 12',
    'fingerprint == 2251799813685249',
    'user == null && languageHint.startsWith("en")',
    'slots.order_number == "A-1" && !has(slots.phone)',
    'attributes["store"] == "north"',
    'history[0].intent == "greeting" && size(media) == 0',
    'cleanText.matches("^Where")',
    '!truncated',
    'emotion == "anger" && urgency >= 0.5 && labels.topic == "parcels" && labelConfidences.topic > 0.7',
    'aspects.exists(a, a.aspect == "delivery" && a.sentiment == "negative")',
    'size(alternatives) == 1 && alternatives[0].confidence > 0.2',
  ])('holds: %s', (expression) => {
    expect(compile(expression)(utterance)).toBe(true)
  })

  it.each([
    'role == "bot"',
    'turn > 4',
    '"phone" in slots',
    'slots.phone == "1"',
    'history[7].intent == "x"',
  ])('does not hold: %s', (expression) => {
    expect(compile(expression)(utterance)).toBe(false)
  })

  it('looks at each utterance anew', () => {
    const holds = compile('turn > 4')
    expect([3, 5, 4, 6].map((turn) => holds({ ...utterance, turn }))).toEqual([false, true, false, true])
  })
})

describe('a wrong condition', () => {
  it.each([
    ['role == ', /"role == " at position 9: Unexpected token: EOF/],
    ['turn > 1 && rol == "user"', /at position 13: Unknown variable: rol \(nearest: role\)/],
    ['turn == "four"', /at position 1: no such overload: int == string/],
    ['turn + 1', /"turn \+ 1" gives int: write a condition/],
  ])('%s', (expression, message) => {
    expect(() => compile(expression)).toThrow(message)
  })

  it('that shows only in use says so, rather than never hold', () => {
    const holds = compile('cleanText.matches("(")')
    expect(() => holds(utterance)).toThrow(
      /condition "cleanText.matches\("\("\)" fails: .*regular expression/i,
    )
  })
})
