/** How to reach a Kafka cluster, and how to behave there. Times are in milliseconds. */
export interface KafkaLogOptions {
  /** `host:port` of some brokers; the others are learned from them. */
  readonly brokers: readonly string[]
  readonly clientId?: string
  readonly tls?: KafkaTls | undefined
  readonly sasl?: KafkaSasl | undefined
  /** Copies of each topic that is created. Default: 1 */
  readonly replicationFactor?: number
  /** Bytes of the largest record batch; batches are split before they outgrow it. Default: 10,485,760 */
  readonly maxMessageBytes?: number
  /** How record batches are compressed. Default: none */
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4'
  /** How long a silent member keeps its partitions. Default: 6,000 */
  readonly sessionTimeoutMs?: number
  /** How often a member gives a sign of life, and so how soon it hears of a rebalance. Default: 500 */
  readonly heartbeatMs?: number
  /** How often the one that shares the partitions out looks whether topics have more of them. Default: 30,000 */
  readonly metadataMs?: number
  /** How long a rebalance waits for a member that finishes its claim. Default: 60,000 */
  readonly rebalanceTimeoutMs?: number
  /** After so long the broker aborts a transaction that nobody ends. Default: 30,000 */
  readonly transactionTimeoutMs?: number
  /** How long a request may take, with all its repetitions, before the log counts as unavailable. Default: 15,000 */
  readonly requestTimeoutMs?: number
  /**
   * Static membership: the name by which the groups know this process. After a restart it has its partitions back
   * at once. Two processes of one name fence each other. Default: none
   */
  readonly instance?: string | undefined
  /** Whether a claim's outputs and its position are one transaction. Default: exactly-once */
  readonly guarantee?: 'exactly-once' | 'at-least-once'
  /** Told what went wrong without ending anything. Default: a line to standard error */
  readonly warn?: (message: string) => void
}

export interface KafkaTls {
  /** PEM texts. */
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name that the certificates must bear, where it is not the broker's host. */
  readonly serverName?: string | undefined
}

export type KafkaSasl =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
      readonly username: string
      readonly password: string
    }
  | {
      readonly mechanism: 'OAUTHBEARER'
      /** Asked for a token at each connection and before the present one runs out. */
      readonly token: () => string | Promise<string>
    }

/** The same, with every default in its place. */
export type KafkaSettings = Required<Omit<KafkaLogOptions, 'tls' | 'sasl' | 'instance'>> &
  Pick<KafkaLogOptions, 'tls' | 'sasl' | 'instance'>

export const settingsOf = (options: KafkaLogOptions): KafkaSettings => ({
  clientId: 'murmur',
  replicationFactor: 1,
  maxMessageBytes: 10_485_760,
  compression: 'none',
  sessionTimeoutMs: 6000,
  heartbeatMs: 500,
  metadataMs: 30_000,
  rebalanceTimeoutMs: 60_000,
  transactionTimeoutMs: 30_000,
  requestTimeoutMs: 15_000,
  guarantee: 'exactly-once',
  warn: (message) => console.error(`murmur: ${message}`),
  ...options,
})
