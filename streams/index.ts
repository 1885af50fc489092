/** What a user of the library needs: `import { … } from 'murmur/streams'`. */

export type { Duration } from '../duration.ts'
export type * from '../schemas/generated/events.ts'
export { jsonTopic, type Topic, topic } from '../schemas/topic.ts'
export * as topics from '../schemas/topics.ts'
export type { ProcessorHealth } from './health.ts'
export { Message, reject } from './message.ts'
export { type TestDriver, testDriver } from './runtime/driver.ts'
export type { Processor, ProcessorSettings } from './runtime/processor.ts'
export { type Run, type RunOptions, run } from './runtime/run.ts'
export { type Topology, topology } from './runtime/topology.ts'
export { batch, type Context, each, keyed, type Output, partitioned, type Stage } from './stage.ts'
