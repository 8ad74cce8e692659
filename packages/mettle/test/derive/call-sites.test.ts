import { describe, expect, test } from 'vitest';
import { atCallSites } from '../../src/derive/call-sites.ts';
import type { Frame } from '../../src/evidence/index.ts';

const SOURCE = `import { pbkdf2Sync } from 'node:crypto';
function other() { pbkdf2Sync('x'); }
export async function login({ password }) {
  await pause(1);
  // pbkdf2Sync(old) was slower
  const key = pbkdf2Sync(password, 'salt', 1, 1);
  return key;
}
const hash = async (text) => bcrypt.hashSync(text, 10);
function after() { pbkdf2Sync('y'); }
`;
const sourceOf = (file: string): string | null => (file === '/app/server.js' ? SOURCE : null);
const frame = (name: string, line: number, column: number, file = '/app/server.js'): Frame => ({
  function: name,
  file,
  line,
  column,
});

describe('the line of a caller', () => {
  test('is the one on which it calls the next frame, not the start of its function', () => {
    const [, caller] = atCallSites(
      [frame('pbkdf2Sync', 90, 1, 'node:internal/crypto/pbkdf2'), frame('login', 3, 28)],
      sourceOf,
    );
    expect(caller).toMatchObject({ function: 'login', line: 6, column: 15 });
  });

  test('of a method call is found by the method’s name', () => {
    const [, caller] = atCallSites(
      [frame('Bcrypt.hashSync', 7, 1, '/app/node_modules/bcryptjs/index.js'), frame('hash', 9, 20)],
      sourceOf,
    );
    expect(caller).toMatchObject({ line: 9, column: 37 });
  });

  test.each([
    ['a callee that the function does not name', 'digest', '/app/server.js'],
    ['a callee without a name', '(anonymous)', '/app/server.js'],
    ['a file that cannot be read', 'pbkdf2Sync', '/app/gone.js'],
  ])('stays at the start of the function for %s', (_what, callee, file) => {
    const [, caller] = atCallSites([frame(callee, 1, 1, 'node:x'), frame('login', 3, 28, file)], sourceOf);
    expect(caller).toMatchObject({ line: 3, column: 28 });
  });

  test('is never taken from the function that follows', () => {
    const source = 'function a(f) {\n  f();\n}\nfunction b() { target(); }\n';
    const [, caller] = atCallSites([frame('target', 9, 1), frame('a', 1, 11)], () => source);
    expect(caller).toMatchObject({ line: 1 });
  });
});
