import { describe, expect, test } from 'vitest';
import { redactCommand, redactText } from '../../src/evidence/index.ts';

describe('a command as it is shown', () => {
  test.each([
    [
      ['--env', 'API_KEY=s3cr3t-value'],
      ['--env', 'API_KEY=***'],
    ],
    [
      ['--env', 'STRIPE_KEY=s3cr3t-value', 'sort_key=name', 'KEY=a'],
      ['--env', 'STRIPE_KEY=***', 'sort_key=name', 'KEY=a'],
    ],
    [['--figma-api-key=s3cr3t'], ['--figma-api-key=***']],
    [
      ['--auth-token', 's3cr3t', '--port', '3000'],
      ['--auth-token', '***', '--port', '3000'],
    ],
    [
      ['--header', 'Authorization: Bearer abc.def.ghi'],
      ['--header', 'Authorization: ***'],
    ],
    [
      ['--header', 'X-Api-Key: abcdef'],
      ['--header', 'X-Api-Key: ***'],
    ],
    [
      ['node', 'server.js', '--verbose', 'token-bucket.json'],
      ['node', 'server.js', '--verbose', 'token-bucket.json'],
    ],
  ])('%j', (command, shown) => {
    expect(redactCommand(command)).toEqual(shown);
  });
});

describe('text of a target', () => {
  test.each([
    ['postgres://admin:hunter2@db:5432/shop', 'hunter2'],
    ['using key sk-abcdefghijklmnop', 'sk-abcdefghijklmnop'],
    ['{"password":"hunter2"}', 'hunter2'],
    ['token=eyJhbGciOi.eyJzdWIiOi.c2lnbmF0', 'eyJhbGciOi'],
  ])('%s loses its secret', (text, secret) => {
    expect(redactText(text)).not.toContain(secret);
  });

  test('keeps what is no secret, so that messages stay readable', () => {
    const text = 'Error: Cannot find module ./tokenizer.js at server.js:12';
    expect(redactText(text)).toBe(text);
  });
});
