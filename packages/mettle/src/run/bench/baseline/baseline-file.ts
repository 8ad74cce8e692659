import { execFileSync } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { arch, cpus, platform, release } from 'node:os';
import { dirname } from 'node:path';
import { UsageError, type ComparedPair, type ComparisonEvidence } from '../../../evidence/index.ts';
import { makeFolder } from '../../../session/index.ts';
import { median } from '../../../stats/index.ts';

/** Of the yardstick's work; a baseline of another one cannot be compared with. */
const YARDSTICK = 1;
const SCHEMA = 'mettle/baseline@1';

export interface Environment {
  /** Mettle's own, which also runs the yardstick. */
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  readonly cpu: string;
  readonly cores: number;
}

/** A saved run, in the form in which it is reviewed and committed. */
export interface Baseline {
  readonly schema: typeof SCHEMA;
  readonly mettle: string;
  readonly savedAt: string;
  /** What was measured, when git knows it and nothing was changed since. */
  readonly commit: string | null;
  readonly server: { readonly name: string; readonly version: string } | null;
  readonly target: string;
  readonly environment: Environment;
  readonly yardstick: number;
  /** For people; the comparison reads `pairs`. */
  readonly tools: readonly {
    readonly name: string;
    readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
    readonly cpuMsPerCall: number | null;
    readonly cpuOverYardstick: number | null;
    readonly latencyOverYardstick: number | null;
  }[];
  readonly memoryBytes: number | null;
  readonly pairs: readonly ComparedPair[];
}

export function environmentHere(): Environment {
  const [cpu] = cpus();
  return {
    node: process.version,
    platform: `${platform()} ${release()}`,
    arch: arch(),
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
  };
}

/** The baseline that a run beside the yardstick makes. */
export function baselineOf(
  comparison: ComparisonEvidence,
  facts: { readonly mettle: string; readonly target: string; readonly cwd: string },
): Baseline {
  const { pairs } = comparison;
  const names = [...new Set(pairs.flatMap(({ subjects }) => subjects.map(({ subject }) => subject.name)))];
  const memory = pairs.flatMap(({ rssBytes }) => rssBytes?.candidate ?? []);
  return {
    schema: SCHEMA,
    mettle: facts.mettle,
    savedAt: new Date().toISOString(),
    commit: cleanCommit(facts.cwd),
    server: comparison.candidate.server,
    target: facts.target,
    environment: environmentHere(),
    yardstick: YARDSTICK,
    tools: names.map((name) => {
      const mine = pairs.flatMap(({ subjects }) => subjects.filter(({ subject }) => subject.name === name));
      const typical = (values: readonly (number | null | undefined)[]): number | null => {
        const known = values.filter((value) => value !== null && value !== undefined);
        return known.length === 0 ? null : figure(median(known));
      };
      const latency = (quantile: 'p50' | 'p95' | 'p99'): number | null =>
        typical(mine.map(({ candidate }) => candidate.latencyMs?.[quantile]));
      const ratio = (metric: 'cpu' | 'latency'): number | null => {
        const log = typical(mine.map(({ logRatio }) => logRatio[metric]));
        return log === null ? null : figure(Math.exp(log));
      };
      const p50 = latency('p50');
      return {
        name,
        latencyMs: p50 === null ? null : { p50, p95: latency('p95') ?? 0, p99: latency('p99') ?? 0 },
        cpuMsPerCall: typical(mine.map(({ candidate }) => candidate.mainCpuMsPerCall)),
        cpuOverYardstick: ratio('cpu'),
        latencyOverYardstick: ratio('latency'),
      };
    }),
    memoryBytes: memory.length === 0 ? null : median(memory),
    pairs,
  };
}

/** Writes it for people to review: indented, figures to five digits. */
export async function writeBaseline(file: string, baseline: Baseline): Promise<void> {
  makeFolder(dirname(file));
  const text = JSON.stringify(
    baseline,
    (_, value: unknown) =>
      typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value,
    2,
  );
  await writeFile(`${file}.partial`, `${text}\n`);
  await rename(`${file}.partial`, file);
}

/** Throws UsageError for what is no baseline of this version. */
export async function readBaseline(file: string): Promise<Baseline> {
  let read: Partial<Baseline> | null;
  try {
    read = JSON.parse(await readFile(file, 'utf8')) as Partial<Baseline> | null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(
      code === 'ENOENT'
        ? `--against: there is no ${file}; save one with mettle bench --save ${file}.`
        : `--against: ${file} cannot be read: ${message}.`,
    );
  }
  if (read?.schema !== SCHEMA || !Array.isArray(read.pairs))
    throw new UsageError(`--against: ${file} is no baseline (${SCHEMA}) that mettle bench --save wrote.`);
  if (read.yardstick !== YARDSTICK)
    throw new UsageError(
      `--against: ${file} was measured beside another yardstick, by Mettle ${read.mettle ?? 'unknown'}: save it anew.`,
    );
  return read as Baseline;
}

/** The commit of the working folder when nothing is changed in it; null otherwise, and without git. */
function cleanCommit(cwd: string): string | null {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', cwd, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return git('status', '--porcelain', '--untracked-files=no') === '' ? git('rev-parse', 'HEAD') : null;
  } catch {
    return null;
  }
}

/** Whether git still has the commit here. */
export function hasCommit(cwd: string, commit: string): boolean {
  try {
    execFileSync('git', ['-C', cwd, 'cat-file', '-e', `${commit}^{commit}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function figure(value: number): number {
  return Number(value.toPrecision(5));
}
