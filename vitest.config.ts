import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**', 'data/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // Most of the time goes in waiting for servers: two at a time, also on two cores
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['{streams,connectors,language,plugins,gateway}/**/*.ts'],
      exclude: [
        '**/*.test.ts',
        '**/contract.ts',
        '**/contract/**',
        '**/fixture.ts',
        '**/fixtures/**',
        '**/generated/**',
      ],
      reporter: ['text-summary', 'html'],
      thresholds: { lines: 85, branches: 85 },
    },
  },
})
