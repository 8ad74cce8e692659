import { expect, it } from 'vitest';
import { hashOnMainThread } from '../../../src/detect/detectors/hash-on-main-thread.ts';
import { profiled } from '../../builders/profiled.ts';

const HANDLER = 'login@@src/tools.js:10';

it.each([
  [
    'pbkdf2Sync',
    ['pbkdf2Sync@@node:internal/crypto/pbkdf2:70', 'run'],
    'asynchronous `pbkdf2` of node:crypto',
  ],
  [
    'scryptSync',
    ['scryptSync@@node:internal/crypto/scrypt:65', 'run'],
    'asynchronous `scrypt` of node:crypto',
  ],
  [
    'generateKeyPairSync',
    ['generateKeyPairSync@@node:internal/crypto/keygen:105', 'run'],
    'asynchronous `generateKeyPair`',
  ],
  ['update', ['Hash.update@@node:internal/crypto/hash:132', 'update'], 'as a stream'],
  [
    'bcryptjs',
    ['hashSync@@node_modules/bcryptjs/index.js:153', '_encipher@@node_modules/bcryptjs/index.js:738'],
    'native `bcrypt`',
  ],
  ['bcrypt', ['compareSync@@node_modules/bcrypt/bcrypt.js:190', 'compare_sync'], 'await bcrypt.compare'],
])('names %s and its asynchronous form', (what, frames, advice) => {
  const [finding] = hashOnMainThread.detect(
    profiled()
      .tool('login', 20)
      .spends(90, [HANDLER, ...frames])
      .callsOnLine('src/tools.js', 10, frames[0]?.split('@@')[0] ?? '', 11)
      .evidence(),
  );
  expect(finding?.title).toBe(
    `\`login\` spends 90 ms per call (100 % of its time on the main thread) computing ${what}, at src/tools.js:11`,
  );
  expect(finding?.fix).toContain(advice);
});

it('knows bcryptjs in its asynchronous form, in which nothing of the server is on the stack', () => {
  const [finding] = hashOnMainThread.detect(
    profiled()
      .tool('login', 20)
      .spends(60, [
        'processImmediate@@node:internal/timers:438',
        'next@@node_modules/bcryptjs/index.js:987',
        '_encipher@@node_modules/bcryptjs/index.js:738',
      ])
      .evidence(),
  );
  expect(finding).toMatchObject({ tool: 'login', severity: 'high' });
});

it.each([
  [
    'a short digest',
    profiled()
      .tool('etag', 50)
      .spends(1, [HANDLER, 'update@@node:internal/crypto/hash:132', 'update'])
      .spends(5, ['score@@src/score.js:1']),
  ],
  [
    'what libuv’s threads compute',
    profiled().tool('login', 20).spends(1, [HANDLER, 'pbkdf2@@node:internal/crypto/pbkdf2:40']),
  ],
  [
    'encrypting',
    profiled()
      .tool('seal', 20)
      .spends(20, [HANDLER, 'Cipheriv.update@@node:internal/crypto/cipher:150', 'update']),
  ],
])('is silent about %s', (_what, told) => {
  expect(hashOnMainThread.detect(told.evidence())).toEqual([]);
});
