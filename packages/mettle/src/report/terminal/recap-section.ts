import { plural } from '../figures.ts';
import { displayWidth, pad, printable, shortenLeft, shortenRight } from '../printable.ts';
import type { RootCause } from '../root-causes.ts';
import { formatLocation } from '../source-paths.ts';
import { severityPaint, type Page } from './finding-block.ts';

/** So many lines say it at a glance; the findings themselves are above. */
const MOST = 10;
/** As wide as CRITICAL. */
const SEVERITY_COLUMNS = 8;
const LEAST_PLACE_COLUMNS = 16;

/** The places to mend, a line each: a long report ends where the eye is, and its findings are a screen above. */
export function recapSection(causes: readonly RootCause[], { width, ink, folder }: Page): string[] {
  // A single one is still on the screen.
  if (causes.length < 2) return [];
  const lines = causes.slice(0, MOST).map(({ main }, i) => {
    const { location } = main;
    // The line is enough to go there; a column costs what the path may need.
    const place =
      location === undefined ? '' : formatLocation({ file: location.file, line: location.line }, folder);
    const lead = `  ${pad(`${i + 1}.`, 3)} ${pad(main.severity.toUpperCase(), SEVERITY_COLUMNS)} `;
    const columns = width - lead.length;
    const ill = `${printable(main.tool ?? 'the whole server')}: ${main.id}`;
    // Of a long path its end says where: the file and the line.
    const left = Math.max(columns - displayWidth(ill) - 2, LEAST_PLACE_COLUMNS);
    const what = place === '' ? ill : `${ill}, ${shortenLeft(place, left)}`;
    const word = severityPaint(main.severity, ink)(pad(main.severity.toUpperCase(), SEVERITY_COLUMNS));
    return `  ${pad(`${i + 1}.`, 3)} ${word} ${shortenRight(what, columns)}`;
  });
  const more = causes.length - MOST;
  return [
    ink.bold('To be mended'),
    ...lines,
    ...(more > 0 ? [ink.dim(`  … ${plural(more, 'more place')} above`)] : []),
  ];
}
