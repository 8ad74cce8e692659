import type { InitTarget } from './find-target.ts';
import type { SafeCall } from './look.ts';

/** What every command of Mettle reads when it is started in the project's folder. */
export const CONFIG_FILE = 'mettle.config.json';
export const WORKLOAD_FILE = 'mettle.workload.json';
export const BASELINE_FILE = 'mettle.baseline.json';

/** The config: how the server is started and reached, and where its calls are. */
export function configText(spec: InitTarget, hasWorkload: boolean): string {
  return pretty({
    ...(spec.kind === 'http' ? { http: spec.url } : {}),
    ...(spec.command === null ? {} : { command: spec.command }),
    ...(Object.keys(spec.env).length === 0 ? {} : { env: spec.env }),
    ...(hasWorkload ? { workload: WORKLOAD_FILE } : {}),
  });
}

/** A call of every tool that may be called at any time. */
export function workloadText(calls: readonly SafeCall[]): string {
  return pretty({
    schema: 'mettle/workload@1',
    calls: calls.map(({ tool, arguments: args }) => ({ tool, arguments: args })),
  });
}

/** Indented, but what fits a line stands on one. */
function pretty(value: unknown): string {
  return `${lines(value, '')}\n`;
}

const LINE = 100;

function lines(value: unknown, indent: string): string {
  const flat = oneLine(value);
  // Lists of words and single calls read best on one line; the document itself does not.
  if (typeof value !== 'object' || value === null || (indent !== '' && indent.length + flat.length <= LINE))
    return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((each) => inner + lines(each, inner)).join(',\n')}\n${indent}]`;
  }
  const entries = Object.entries(value).map(
    ([key, each]) => `${inner}${JSON.stringify(key)}: ${lines(each, inner)}`,
  );
  return `{\n${entries.join(',\n')}\n${indent}}`;
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return '{}';
  return `{ ${entries.map(([key, each]) => `${JSON.stringify(key)}: ${oneLine(each)}`).join(', ')} }`;
}
