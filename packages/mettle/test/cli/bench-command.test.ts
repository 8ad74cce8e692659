import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listProcesses } from '../../src/session/process-tree.ts';
import { resultIn } from '../builders/published-schemas.ts';

const METTLE = fileURLToPath(new URL('../../bin/mettle.js', import.meta.url));
const NOOP = fileURLToPath(new URL('../session/fixtures/v1-server.mjs', import.meta.url));
const SLOW_MS = 120_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-bench-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command; `onError` sees stderr as it comes. */
function bench(
  args: readonly string[],
  onError: (text: string, pid: number) => void = () => undefined,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [METTLE, 'bench', ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      out.stderr += text;
      onError(out.stderr, child.pid ?? 0);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...out }));
  });
}

describe('mettle bench', () => {
  test(
    'measures a server, accounts for every call, and writes each format asked for',
    async () => {
      const out = join(folder, 'whole');
      const run = await bench([
        '--duration',
        '2s',
        '--warm-up',
        '1s',
        '--format',
        'json',
        '--format',
        'csv',
        '--out',
        out,
        '--',
        process.execPath,
        NOOP,
        'stdio',
      ]);
      expect(run.code, run.stderr).toBe(0);
      const result = resultIn(run.stdout);
      const [block] = result.bench?.blocks ?? [];
      expect(block?.total.outcomes.ok).toBeGreaterThan(0);
      expect(block?.total.outcomes.ok).toBe(block?.total.outcomes.calls);
      expect(block?.subjects.map(({ subject }) => subject.name).toSorted()).toEqual([
        'add',
        'prompts/get',
        'resources/read',
        'tools/list',
      ]);
      expect(result.checks.cpu).toMatchObject({ status: 'skipped' });
      expect(result.bench?.leftOut.map(({ name }) => name)).toEqual(['roots', 'ping-client']);
      expect(await readFile(join(out, 'result.csv'), 'utf8')).toContain('add,tool,');
      expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('Percentiles');
    },
    SLOW_MS,
  );

  test(
    'keeps what was measured at Ctrl-C, and stops the server',
    async () => {
      const out = join(folder, 'cut');
      let sent = false;
      const run = await bench(
        [
          '--duration',
          '10m',
          '--warm-up',
          '500ms',
          '--rate',
          '50',
          '--format',
          'json',
          '--out',
          out,
          '--',
          process.execPath,
          NOOP,
          'stdio',
          'marked-for-ctrl-c',
        ],
        (stderr, pid) => {
          if (sent || !stderr.includes('measuring')) return;
          sent = true;
          // Long enough for some calls; how many does not matter.
          setTimeout(() => process.kill(pid, 'SIGINT'), 1500);
        },
      );
      expect(run.code, run.stderr).toBe(130);
      expect(run.stderr).toContain('interrupted; what was measured until then is in');
      const [block] = resultIn(run.stdout).bench?.blocks ?? [];
      expect(block?.endedEarly).toBe('interrupted');
      expect(block?.total.outcomes.ok).toBeGreaterThan(0);
      expect(listProcesses().filter(({ pid }) => commandOf(pid).includes('marked-for-ctrl-c'))).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    'ends with code 1 when hostile arguments bring the server down, and names them',
    async () => {
      const server = join(folder, 'fragile.mjs');
      await writeFile(server, FRAGILE);
      const run = await bench([
        '--arguments',
        'adversarial',
        '--format',
        'json',
        '--',
        process.execPath,
        server,
      ]);
      expect(run.code, run.stderr).toBe(1);
      const { adversarial } = resultIn(run.stdout).bench ?? {};
      const crashed = (adversarial?.cases ?? []).filter(({ outcome }) => outcome === 'crashed');
      expect(crashed.map(({ what }) => what)).toContain('a NUL character at text');
      expect(adversarial?.restarts).toBe(crashed.length);
      expect(adversarial?.tools).toEqual([
        expect.objectContaining({ name: 'shout', planned: adversarial?.tools[0]?.calls }),
      ]);
    },
    SLOW_MS,
  );
});

/** A server that does not expect a NUL: answers it, and dies of it a little later, slowly. */
const FRAGILE = `
let rest = '';
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk).split('\\n');
  rest = lines.pop();
  for (const line of lines) {
    const { id, method, params } = JSON.parse(line);
    const answer = (result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
    if (id === undefined) continue;
    if (method === 'initialize')
      answer({ protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'fragile', version: '1' } });
    else if (method === 'tools/list')
      answer({ tools: [{ name: 'shout', annotations: { readOnlyHint: true }, inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] } }] });
    else if (method !== 'tools/call')
      process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } }) + '\\n');
    else {
      const { text } = params.arguments;
      if (typeof text === 'string' && text.includes('\\u0000')) setTimeout(die, 10);
      answer({ content: [{ type: 'text', text: String(text).slice(0, 10) }] });
    }
  }
});
process.stdin.on('end', () => process.exit(0));
function die() {
  for (const until = performance.now() + 80; performance.now() < until; );
  throw new Error('unexpected end of text');
}
`;

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}
