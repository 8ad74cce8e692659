import type { Bundle, Result } from '../evidence/index.ts';
import { renderHtml } from './html/page.ts';
import { renderCsv } from './csv.ts';
import { renderGithub } from './github.ts';
import { renderJson } from './json.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { renderOpenMetrics } from './openmetrics.ts';
import { renderSarif } from './sarif.ts';
import { renderTerminal, type TerminalOptions } from './terminal.ts';

export { renderHtml, renderJson };
export { k6Script } from './k6-script.ts';
export { printable, shortenRight } from './printable.ts';
export { changesBetween } from './against/changes.ts';
export { againstFormats } from './against/formats.ts';
export { profileFiles } from './profiles/files.ts';

export type FormatName =
  | 'terminal'
  | 'json'
  | 'html'
  | 'md'
  | 'junit'
  | 'sarif'
  | 'github'
  | 'csv'
  | 'openmetrics';

/** A way to write a result down. Pure: the same result and options give the same text. */
export interface Format {
  /** One clause for the help text. */
  readonly describes: string;
  /** Of the file that it is saved as, with the dot. */
  readonly extension: string;
  render(result: Result, bundle: Bundle, options: TerminalOptions): string;
}

/** Every format, by the name that `--format` takes. */
export const formats: Readonly<Record<FormatName, Format>> = {
  terminal: { describes: 'for a person at a terminal', extension: '.txt', render: renderTerminal },
  json: {
    describes: 'the whole result for programs',
    extension: '.json',
    render: (result) => renderJson(result),
  },
  html: {
    describes: 'one page with pictures, for a browser, offline',
    extension: '.html',
    render: renderHtml,
  },
  md: {
    describes: 'tables for a pull request or a wiki',
    extension: '.md',
    render: renderMarkdown,
  },
  junit: {
    describes: 'a test report for CI systems',
    extension: '.junit.xml',
    render: (result) => renderJunit(result),
  },
  sarif: {
    describes: 'for code scanning: each finding at its line',
    extension: '.sarif',
    render: renderSarif,
  },
  github: {
    describes: 'annotations of a GitHub workflow',
    extension: '.github.txt',
    render: renderGithub,
  },
  csv: {
    describes: 'a row per tool for spreadsheets',
    extension: '.csv',
    render: (result) => renderCsv(result),
  },
  openmetrics: {
    describes: 'metrics for Prometheus and its kin',
    extension: '.openmetrics.txt',
    render: (result) => renderOpenMetrics(result),
  },
};
