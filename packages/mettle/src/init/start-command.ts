import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../evidence/index.ts';
import type { Project } from './project.ts';

/** A command that starts the server, and where it was found. */
export interface StartCommand {
  readonly command: readonly [string, ...string[]];
  readonly from: string;
}

/** Where a server's program usually is, built before source. */
const USUAL_FILES = [
  ...['dist', 'build', 'lib', 'out'].flatMap((folder) =>
    ['index', 'server', 'main'].flatMap((name) => [`${folder}/${name}.js`, `${folder}/${name}.mjs`]),
  ),
  ...['', 'src/'].flatMap((folder) =>
    ['server', 'index', 'main'].flatMap((name) =>
      ['js', 'mjs', 'cjs', 'ts', 'mts'].map((extension) => `${folder}${name}.${extension}`),
    ),
  ),
];

/**
 * The command that starts the project's server: its start script, its bin, its main file, or a file with a usual name.
 * Throws UsageError when there is none, or it has to be built before.
 */
export function findStartCommand(project: Project): StartCommand {
  const { manifest, folder } = project;
  const bins = typeof manifest.bin === 'string' ? [manifest.bin] : Object.values(manifest.bin ?? {});
  const candidates: readonly (readonly [readonly string[] | null, string])[] = [
    [wordsOfScript(manifest.scripts?.['start']), 'the script "start"'],
    [bins[0] === undefined ? null : runFile(bins[0], project), '"bin"'],
    [manifest.main === undefined ? null : runFile(manifest.main, project), '"main"'],
    ...USUAL_FILES.filter((file) => existsSync(join(folder, file))).map(
      (file) => [runFile(file, project), `the file ${file}`] as const,
    ),
  ];
  for (const [command, from] of candidates) {
    const [program, ...words] = command ?? [];
    if (program === undefined) continue;
    if (isThere(words, folder)) return { command: [program, ...words], from };
    if (manifest.scripts?.['build'] !== undefined)
      throw new UsageError(
        `${from} of package.json starts "${[program, ...words].join(' ')}", which is not there: build it first (${project.packageManager} run build), then run mettle init again.`,
      );
  }
  throw new UsageError(
    `package.json does not say how this server is started: name it, such as mettle init -- node dist/server.js, or mettle init --http http://localhost:3000/mcp -- node dist/server.js.`,
  );
}

/** The words of a script that starts one program of Node.js, nothing else; null for any other. */
function wordsOfScript(script: string | undefined): readonly string[] | null {
  if (script === undefined || /[&|;<>$`'"\\*?(){}]/.test(script)) return null;
  const [program, ...words] = script.trim().split(/\s+/);
  if (program === 'tsx' || program === 'ts-node')
    return words.some((word) => word === 'watch') ? null : ['node', '--import', 'tsx', ...words];
  return program === 'node' && words.length > 0 && !words.includes('--watch') ? [program, ...words] : null;
}

/** TypeScript goes through the project's own tsx where it has one; else Node itself erases the types. */
function runFile(file: string, { manifest }: Project): readonly string[] {
  const path = file.replace(/^\.\//, '');
  const hasTsx = 'tsx' in { ...manifest.dependencies, ...manifest.devDependencies };
  return /\.m?ts$/.test(path) && hasTsx ? ['node', '--import', 'tsx', path] : ['node', path];
}

/** Whether the program among the words is a file of the project. */
function isThere(words: readonly string[], folder: string): boolean {
  const script = scriptOf(words);
  return script !== null && [script, `${script}.js`].some((path) => existsSync(join(folder, path)));
}

/** The first word that is neither an option nor what an option takes. */
export function scriptOf(words: readonly string[]): string | null {
  const at = words.findIndex(
    (word, i) =>
      !word.startsWith('-') && !/^(-r|--require|--import|--loader|--env-file)$/.test(words[i - 1] ?? ''),
  );
  return words[at] ?? null;
}
