import { join } from 'node:path';
import { UsageError } from '../evidence/index.ts';
import type { Bundle, Result } from '../evidence/index.ts';
import { renderHtml, renderJson, renderTerminal } from '../report/index.ts';
import { sourceReader } from '../run/index.ts';
import type { Host } from './host.ts';

export const FORMATS = ['terminal', 'json', 'html'] as const;
export type Format = (typeof FORMATS)[number];

/** The formats asked for; terminal when none was. Throws UsageError for one that this version has not. */
export function formatsOf(names: readonly string[]): readonly Format[] {
  const unknown = names.find((name) => !(FORMATS as readonly string[]).includes(name));
  if (unknown !== undefined) throw new UsageError(`--format: this version writes ${FORMATS.join(', ')}; "${unknown}" is none of them.`);
  return names.length === 0 ? ['terminal'] : (names as readonly Format[]);
}

export interface Rendering {
  readonly result: Result;
  readonly bundle: Bundle;
  /** The bundle's directory. */
  readonly directory: string;
}

/** Writes the result to stdout: stdout carries nothing else. */
export function print(host: Host, format: Format, rendering: Rendering): void {
  host.stdout.write(render(host, format, rendering));
}

function render(host: Host, format: Format, { result, bundle, directory }: Rendering): string {
  switch (format) {
    case 'json':
      return renderJson(result);
    case 'html':
      return renderHtml(result, bundle, { cwd: host.cwd, readSource: sourceReader() });
    case 'terminal': {
      const color = host.stdout.isTerminal && (host.env['NO_COLOR'] ?? '') === '' && host.env['TERM'] !== 'dumb';
      return renderTerminal(result, bundle, { color, hyperlinks: color, width: host.stdout.columns, reportPath: join(directory, 'report.html'), bundlePath: directory, cwd: host.cwd, readSource: sourceReader() });
    }
  }
}
