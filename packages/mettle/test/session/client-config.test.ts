import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/evidence/index.ts';
import { readClientConfig } from '../../src/session/index.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mettle-test-'));
  await mkdir(join(directory, '.vscode'));
});
afterAll(() => rm(directory, { recursive: true }));

async function write(text: string, name = 'mcp.json'): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}

describe('a client’s config file', () => {
  it('gives a stdio target, with comments and trailing commas', async () => {
    const file = await write(`{
      // Claude Desktop
      "mcpServers": { "memory": { "command": "npx", "args": ["-y", "server-memory",], /* here */ "env": { "A": "1", }, }, },
    }`);
    expect(await readClientConfig(file, 'memory', { env: {} })).toEqual({
      kind: 'stdio',
      command: ['npx', '-y', 'server-memory'],
      env: { A: '1' },
      cwd: directory,
    });
  });

  it('gives an HTTP target, with its headers', async () => {
    const file = await write(
      '{"servers":{"web":{"type":"http","url":"https://x.test/mcp","headers":{"X-Key":"${env:KEY}"}}}}',
    );
    expect(await readClientConfig(file, 'web', { env: { KEY: 'k' } })).toEqual({
      kind: 'http',
      url: 'https://x.test/mcp',
      headers: { 'X-Key': 'k' },
      command: null,
      env: {},
      cwd: directory,
    });
  });

  it('is filled in: variables, defaults, the workspace and an env file', async () => {
    await write('TOKEN=t\n', 'server.env');
    const file = await write(
      '{"servers":{"s":{"command":"${workspaceFolder}/run","args":["${HOST:-localhost}","${PORT}"],"cwd":"sub","envFile":"${workspaceFolder}/server.env"}}}',
      '.vscode/mcp.json',
    );
    expect(await readClientConfig(file, 's', { env: { PORT: '1' } })).toEqual({
      kind: 'stdio',
      command: [join(directory, 'run'), 'localhost', '1'],
      env: { TOKEN: 't' },
      cwd: join(directory, 'sub'),
    });
  });

  it('need not tell what the user gives', async () => {
    const file = await write('{"servers":{"s":{"command":"run","env":{"KEY":"${input:key}"}}}}');
    expect(
      await readClientConfig(file, 's', { env: {}, given: { env: { KEY: 'mine' }, headers: {} } }),
    ).toMatchObject({ env: { KEY: 'mine' } });
  });

  it.each([
    [
      '{"servers":{"s":{"command":"run","env":{"KEY":"${input:key}"}}}}',
      's',
      /asks its user for the input "key"/,
    ],
    [
      '{"servers":{"s":{"command":"run","args":["${HERE}"]}}}',
      's',
      /needs the environment variable HERE, which is not set/,
    ],
    [
      '{"servers":{"s":{"command":"run","args":["${command:pick}"]}}}',
      's',
      /uses \$\{command:pick\}, which Mettle does not know/,
    ],
    ['{"servers":{"s":{"command":"run"},"t":{}}}', 'u', /has no server "u"; it has s, t\.$/],
    ['{"servers":{"s":{}}}', 's', /has neither "command" nor "url"/],
    ['{"servers":{"s":{"url":"ftp://x"}}}', 's', /"url" is no http/],
    ['{"servers":{"s":{"command":"run","args":"x"}}}', 's', /"args" must be a list of strings/],
    ['{"other":{}}', 's', /has neither "mcpServers" nor "servers"/],
    [
      '{\n  "servers": {\n    "s" {}\n  }\n}',
      's',
      /mcp\.json:3:9 is not valid JSON: expected ":" but found "\{"\.$/,
    ],
    [
      '{"servers": {"s": {"command": "run"}',
      's',
      /mcp\.json:1:37 is not valid JSON: expected "," or "\}" but found the end of the file/,
    ],
    ['{"servers": {"s": nope}}', 's', /mcp\.json:1:19 is not valid JSON: expected a value but found "n"/],
  ])('such as %s is refused in one sentence', async (text, name, sentence) => {
    const failed = readClientConfig(await write(text), name, { env: {} });
    await expect(failed).rejects.toThrow(UsageError);
    await expect(failed).rejects.toThrow(sentence);
  });

  it('that does not exist is refused in one sentence', async () => {
    await expect(readClientConfig(join(directory, 'none.json'), 's', { env: {} })).rejects.toThrow(
      /The config file .*none\.json does not exist/,
    );
  });
});
