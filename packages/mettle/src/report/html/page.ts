import type { Bundle, Result } from '../../evidence/index.ts';
import { renderJson } from '../json.ts';
import { groupByRootCause } from '../root-causes.ts';
import type { ReadSource } from '../source-excerpt.ts';
import { benchSection } from './bench.ts';
import { comparisonSection } from './comparison.ts';
import { heapComparisonSection } from './heap-comparison.ts';
import { inProcessSection } from './in-process.ts';
import { blockingSection } from './blocking-timeline.ts';
import { CLIENT_SCRIPT, CLIENT_SCRIPT_SHA256 } from './client-script.ts';
import { concurrencySection } from './concurrency-chart.ts';
import { findingsSection } from './findings.ts';
import { flameGraphSection } from './flame-graph/section.ts';
import { latencySection } from './latency-chart.ts';
import { memorySection } from './memory.ts';
import { notCoveredSection } from './not-covered.ts';
import { raceSection } from './race.ts';
import { STYLES } from './styles.ts';
import { masthead, verdictsSection } from './summary.ts';
import { html, scriptJson, trusted, type Html } from './template.ts';
import { timeSection } from './time-bars.ts';
import { toolsSection } from './tools-table.ts';

export interface HtmlOptions {
  /** The folder that paths are shown relative to; the target's own when absent. */
  readonly cwd?: string | undefined;
  /** Gives source text, so that the lines at fault are shown. */
  readonly readSource?: ReadSource | undefined;
}

/** A larger result stays in result.json only: the page is to open at once. */
const EMBEDDED_CHARACTERS = 400_000;

/** Only our own scripts may run, and nothing may be fetched from anywhere, whatever a target smuggled in. */
function policy(scriptHashes: readonly string[]): string {
  const scripts = scriptHashes.map((hash) => `'sha256-${hash}'`).join(' ');
  return `default-src 'none'; style-src 'unsafe-inline'; script-src ${scripts}; base-uri 'none'; form-action 'none'`;
}

// Not in a template: the policy knows the script by its hash, to which every blank counts.
const SCRIPT_ELEMENT = trusted(`<script>${CLIENT_SCRIPT}</script>`);

/** The result as one self-contained page: opens from disk, offline; readable without scripts; every text escaped. */
export function renderHtml(result: Result, bundle: Bundle, options: HtmlOptions = {}): string {
  const causes = groupByRootCause(result.findings);
  const surroundings = { folder: options.cwd ?? bundle.evidence.target?.cwd, readSource: options.readSource };
  const graph = flameGraphSection(bundle);
  const scriptHashes = [CLIENT_SCRIPT_SHA256, ...(graph === null ? [] : [graph.scriptSha256])];
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
  const present = sections.filter(([, , section]) => section !== null);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy(scriptHashes)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${result.target.server?.name ?? 'MCP server'} · Mettle report</title>
        ${trusted(`<style>${STYLES}${graph?.styles ?? ''}</style>`)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the verdicts</a>
        <div class="page">
          ${masthead(result, causes)}
          <nav aria-label="Sections">
            <ul>
              ${present.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}
            </ul>
          </nav>
          <main id="main" tabindex="-1">${present.map(([, , section]) => section)}</main>
          <footer>
            <p>
              Made by Mettle ${result.mettle} on Node ${result.node.replace(/^v/, '')}. The same in data:
              result.json in the bundle.
            </p>
          </footer>
        </div>
        <p id="said" class="unseen" role="status" aria-live="polite"></p>
        ${embedded(result)} ${SCRIPT_ELEMENT}
        ${graph === null ? null : trusted(`<script>${graph.script}</script>`)}
      </body>
    </html> `;
  return page.markup;
}

/** The result for programs that are handed the page alone. */
function embedded(result: Result): Html | null {
  const json = scriptJson(JSON.parse(renderJson(result)));
  return json.markup.length > EMBEDDED_CHARACTERS
    ? null
    : trusted(`<script type="application/json" id="mettle-result">${json.markup}</script>`);
}
