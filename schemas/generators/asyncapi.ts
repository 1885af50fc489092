import { stringify } from 'yaml'
import { catalogue, type EventName } from '../catalogue.ts'
import type { RecordSchema } from '../files.ts'

/** What Murmur itself does with a topic: it takes utterances in, and sends what comes of them. */
const action = (event: EventName) => (event === 'utterance' ? 'receive' : 'send')

/** Describes the topics as AsyncAPI 3.0: a channel a topic, with the Avro schema of its messages. */
export function asyncapi(events: readonly (readonly [EventName, RecordSchema])[], version: string): string {
  const each = <T>(entry: (event: EventName, schema: RecordSchema) => readonly [string, T]) =>
    Object.fromEntries(events.map(([event, schema]) => entry(event, schema)))
  return stringify(
    {
      asyncapi: '3.0.0',
      info: {
        title: 'Murmur',
        version,
        description: 'Every utterance an event: the topics of Murmur and the events on them.',
        license: { name: 'Apache-2.0' },
      },
      defaultContentType: 'application/vnd.apache.avro',
      channels: each((event, schema) => [
        catalogue[event],
        {
          address: catalogue[event],
          description: schema.doc,
          messages: { [schema.name]: { $ref: `#/components/messages/${schema.name}` } },
          bindings: { kafka: { topic: catalogue[event], bindingVersion: '0.5.0' } },
        },
      ]),
      operations: each((event, schema) => [
        `${action(event)}${schema.name}`,
        {
          action: action(event),
          channel: { $ref: `#/channels/${catalogue[event]}` },
          messages: [{ $ref: `#/channels/${catalogue[event]}/messages/${schema.name}` }],
        },
      ]),
      components: { messages: each((event, schema) => [schema.name, message(event, schema)]) },
    },
    { aliasDuplicateObjects: false, lineWidth: 0 },
  )
}

const message = (event: EventName, schema: RecordSchema) => ({
  name: schema.name,
  summary: schema.doc,
  contentType: 'application/vnd.apache.avro',
  payload: { schemaFormat: 'application/vnd.apache.avro;version=1.9.0', schema },
  bindings: {
    kafka: {
      key: { type: 'string', description: event === 'alert' ? 'rule and group' : 'conversation' },
      schemaIdLocation: 'payload',
      schemaIdPayloadEncoding: 'confluent',
      schemaLookupStrategy: 'TopicNameStrategy',
      bindingVersion: '0.5.0',
    },
  },
})
