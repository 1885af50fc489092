import { GatewayError } from './errors.ts'

/** A place among the replies, between two of them. Clients hold it as an opaque text. */
export interface Cursor {
  readonly partition: number
  /** The next offset to read. */
  readonly offset: number
}

export const formatCursor = ({ partition, offset }: Cursor): string =>
  Buffer.from(`${partition}@${offset}`).toString('base64url')

/**
 * Reads a cursor back.
 * @param partition where the conversation's replies are: a cursor from elsewhere is refused
 * @throws GatewayError
 */
export function parseCursor(text: string, partition: number): Cursor {
  const [, found, offset] = /^(\d{1,5})@(\d{1,15})$/.exec(Buffer.from(text, 'base64url').toString()) ?? []
  if (offset !== undefined && Number(found) === partition) return { partition, offset: Number(offset) }
  throw new GatewayError(
    400,
    'INVALID_CURSOR',
    offset === undefined ? 'this is no cursor' : 'the cursor belongs to another conversation',
    {
      field: 'after',
      value: JSON.stringify(text.slice(0, 80)),
      remedy: 'take the cursor that came with the conversation’s last utterance or replies, or leave it out',
    },
  )
}
