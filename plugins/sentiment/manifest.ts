import { z } from 'zod'
import type { Manifest } from '../plugin.ts'

export const manifest: Manifest<Record<string, never>> = {
  name: 'sentiment',
  version: '1.0.0',
  description: 'Tags users who are about to be lost, and says where the mood of a session goes.',
  priority: 10,
  when: 'role == "user"',
  options: z.strictObject({}),
}
