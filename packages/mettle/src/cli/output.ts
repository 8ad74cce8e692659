import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../evidence/index.ts';
import type { Bundle, Result } from '../evidence/index.ts';
import { formats } from '../report/index.ts';
import type { FormatName } from '../report/index.ts';
import { readFindingPage, sourceReader } from '../run/index.ts';
import type { Host } from './host.ts';
import { terminalAbilities } from './terminal-abilities.ts';

/** The formats asked for; terminal when none was. Throws UsageError for one that this version has not. */
export function formatsOf(names: readonly string[]): readonly FormatName[] {
  const unknown = names.find((name) => !Object.hasOwn(formats, name));
  if (unknown !== undefined)
    throw new UsageError(
      `--format: this version writes ${Object.keys(formats).join(', ')}; "${unknown}" is none of them.`,
    );
  return names.length === 0 ? ['terminal'] : (names as readonly FormatName[]);
}

export interface Rendering {
  readonly result: Result;
  readonly bundle: Bundle;
  /** The bundle's directory. */
  readonly directory: string;
  /** Of races the matrix alone. */
  readonly matrixOnly?: boolean;
}

/** Writes the result into the bundle's directory, as `result` with the format's own extension. */
export async function writeRendering(
  host: Host,
  format: FormatName,
  { result, bundle, directory }: Rendering,
): Promise<void> {
  const plain = {
    color: false,
    width: 100,
    bundlePath: directory,
    cwd: host.cwd,
    repository: host.env['GITHUB_WORKSPACE'],
    readSource: sourceReader(),
    readPage: readFindingPage,
  };
  const { extension, render } = formats[format];
  await writeFile(join(directory, `result${extension}`), render(result, bundle, plain));
}

/** Writes the result to stdout: stdout carries nothing else. */
export function print(host: Host, format: FormatName, rendering: Rendering): void {
  const { result, bundle, directory, matrixOnly = false } = rendering;
  const options = {
    ...terminalAbilities(host.stdout.isTerminal, host.env),
    width: host.stdout.columns,
    reportPath: join(directory, 'report.html'),
    bundlePath: directory,
    cwd: host.cwd,
    repository: host.env['GITHUB_WORKSPACE'],
    readSource: sourceReader(bundle.evidence.sources),
    readPage: readFindingPage,
    matrixOnly,
  };
  host.stdout.write(formats[format].render(result, bundle, options));
}
