import type { Bundle, Result } from '../../evidence/index.ts';
import type { ReadPage } from '../fix-sketch.ts';
import { renderJson } from '../json.ts';
import { groupByRootCause } from '../root-causes.ts';
import type { ReadSource } from '../source-excerpt.ts';
import { benchSection } from './bench.ts';
import { comparisonSection } from './comparison.ts';
import { heapComparisonSection } from './heap-comparison.ts';
import { inProcessSection } from './in-process.ts';
import { blockingSection } from './blocking-timeline.ts';
import { concurrencySection } from './concurrency-chart.ts';
import { documentOf } from './document.ts';
import { findingsSection } from './findings.ts';
import { flameGraphSection } from './flame-graph/section.ts';
import { latencySection } from './latency-chart.ts';
import { memorySection } from './memory.ts';
import { notCoveredSection } from './not-covered.ts';
import { raceSection } from './race.ts';
import { masthead, verdictsSection } from './summary.ts';
import { scriptJson, trusted, type Html } from './template.ts';
import { timeSection } from './time-bars.ts';
import { toolsSection } from './tools-table.ts';

export interface HtmlOptions {
  /** The folder that paths are shown relative to; the target's own when absent. */
  readonly cwd?: string | undefined;
  /** Gives source text, so that the lines at fault are shown. */
  readonly readSource?: ReadSource | undefined;
  /** Gives the pages of findings, whose examples show the fixes. */
  readonly readPage?: ReadPage | undefined;
}

/** A larger result stays in result.json only: the page is to open at once. */
const EMBEDDED_CHARACTERS = 400_000;

/** The result as one self-contained page: opens from disk, offline; readable without scripts; every text escaped. */
export function renderHtml(result: Result, bundle: Bundle, options: HtmlOptions = {}): string {
  const causes = groupByRootCause(result.findings);
  const surroundings = {
    folder: options.cwd ?? bundle.evidence.target?.cwd,
    readSource: options.readSource,
    readPage: options.readPage,
  };
  const graph = flameGraphSection(bundle);
  const sections: readonly [id: string, name: string, section: Html | null][] = [
    ['bench', 'Benchmark', benchSection(result)],
    ['comparison', 'Comparison', comparisonSection(result)],
    ['heap-comparison', 'Heap snapshots', heapComparisonSection(result, surroundings.folder)],
    ['in-process', 'In process', inProcessSection(result)],
    ['verdicts', 'Verdicts', verdictsSection(result, causes)],
    ['findings', 'Findings', findingsSection(causes, surroundings)],
    ['races', 'Races', raceSection(bundle)],
    ['memory', 'Memory', memorySection(bundle)],
    ['time', 'Time', timeSection(result, surroundings.folder)],
    ['latency', 'Latency', latencySection(bundle)],
    ['concurrency', 'Concurrency', concurrencySection(bundle)],
    ['blocking', 'Event loop', blockingSection(bundle)],
    ['profile', 'Flame graph', graph?.markup ?? null],
    ['tools', 'Tools', toolsSection(result.tools)],
    ['not-covered', 'Not covered', notCoveredSection(result, bundle)],
  ];
  return documentOf({
    title: `${result.target.server?.name ?? 'MCP server'} · Mettle report`,
    firstThing: 'the verdicts',
    masthead: masthead(result, causes),
    sections,
    footer: `Made by Mettle ${result.mettle} on Node ${result.node.replace(/^v/, '')}. The same in data: result.json in the bundle.`,
    also: graph,
    data: embedded(result),
  });
}

/** The result for programs that are handed the page alone. */
function embedded(result: Result): Html | null {
  const json = scriptJson(JSON.parse(renderJson(result)));
  return json.markup.length > EMBEDDED_CHARACTERS
    ? null
    : trusted(`<script type="application/json" id="mettle-result">${json.markup}</script>`);
}
