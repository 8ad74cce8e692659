/* The official conformance suite of MCP, installed into .cache; needs Node 22 or later. */
import { execFile, execFileSync } from 'node:child_process';
import fs, { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { root } from './prepare.mjs';

const VERSION = '0.1.16';

/** Says so and ends the process where the suite does not run. */
export function requireSuite() {
  if (fs.globSync !== undefined) return;
  console.log(`skipped: the conformance suite needs Node 22 or later, this is ${process.version}`);
  process.exit(0);
}

/** Installs it; what its summary says of each scenario of a server at `url`, as "✓ 1 passed, 0 failed". */
export function installSuite() {
  const folder = join(root, '.cache/conformance');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, dependencies: { '@modelcontextprotocol/conformance': VERSION } }),
  );
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'ignore',
  });
  const suite = join(folder, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
  return async function marksOf(url) {
    const words = [suite, 'server', '--url', url];
    // Scenarios without fixtures fail, and with them the suite: its words count, not its exit code.
    const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: folder }).catch(
      (error) => error,
    );
    const lines = stripVTControlCharacters(stdout).matchAll(/^\s*([✓✗])\s+([a-z][\w-]+):\s*(.*)$/gm);
    const marks = new Map(Array.from(lines, ([, mark, scenario, counts]) => [scenario, `${mark} ${counts}`]));
    if (marks.size === 0) throw new Error(`the suite ran no scenario: ${stdout}`);
    return marks;
  };
}
