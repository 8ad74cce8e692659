import { VERSION } from '../src/index.ts';
import { test, expect } from 'vitest';
test('the version is that of the package', async () => {
  const m = await import('../package.json', { with: { type: 'json' } });
  expect(VERSION).toBe(m.default.version);
});
