import { describe, expect, test } from 'vitest';
import { mergeOptions } from '../../src/cli/config-file.ts';
import { parseOptions } from '../../src/cli/options.ts';
import { shellQuote } from '../../src/cli/shell-quote.ts';
import { UsageError } from '../../src/evidence/index.ts';

describe('options', () => {
  test('what follows -- is the server’s command, options of its own included', () => {
    const options = parseOptions([
      '--tool',
      'a',
      '--tool',
      'b',
      '--',
      'node',
      'server.js',
      '--tool',
      'mine',
      '--',
      'x',
    ]);
    expect(options.tool).toEqual(['a', 'b']);
    expect(options.command).toEqual(['node', 'server.js', '--tool', 'mine', '--', 'x']);
  });

  test('environment and headers keep everything after the first separator', () => {
    const options = parseOptions([
      '--env',
      'URL=a=b',
      '--header',
      'Authorization: Bearer x:y',
      '--http',
      'http://localhost/mcp',
    ]);
    expect(options.env).toEqual({ URL: 'a=b' });
    expect(options.header).toEqual({ Authorization: 'Bearer x:y' });
  });

  test.each([
    [['--budget', 'soon'], '--budget takes a number of seconds, at least 1; "soon" is none.'],
    [['--budget', ''], '--budget takes a number of seconds'],
    [['--seed', '-1'], '--seed'],
    [['--era', '2024'], '--era takes 2025'],
    [['--env', 'NOVALUE'], '--env takes NAME=VALUE'],
    [['--header', 'NoColon'], '--header takes "Name: value"'],
    [['--colour'], "Unknown option '--colour'"],
    [['--'], 'Nothing follows "--"'],
  ])('%j is refused with a sentence', (argv, sentence) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
    expect(() => parseOptions(argv)).toThrow(sentence);
  });

  test('an --env without "=" is not repeated in the message, since it may be a secret', () => {
    expect(() => parseOptions(['--env', 'hunter2'])).not.toThrow('hunter2');
  });

  test('what is typed wins over the config, and a typed target replaces the config’s whole', () => {
    const merged = mergeOptions(
      parseOptions(['--budget', '5', '--http', 'http://localhost/mcp']),
      parseOptions(['--budget', '90', '--seed', '7', '--', 'node', 'a.js']),
    );
    expect(merged).toMatchObject({ budgetSeconds: 5, seed: 7, http: 'http://localhost/mcp', command: [] });
  });

  test('words are quoted as a POSIX shell reads them', () => {
    expect(shellQuote(['node', 'my server.js', "it's", '--x=$HOME'])).toBe(
      String.raw`node 'my server.js' 'it'\''s' '--x=$HOME'`,
    );
  });
});
