import type {
  ArtifactLocation,
  Location,
  Log,
  PhysicalLocation,
  ReportingDescriptor,
  Result as SarifResult,
  Stack,
} from 'sarif';
import { CHECKS } from '../evidence/index.ts';
import type { Bundle, Exhibit, Finding, Frame, Result, Severity, SourceLocation } from '../evidence/index.ts';
import { printable } from './printable.ts';
import { entryOf, isOnDisk, relativePath, topOf } from './source-paths.ts';

/* SARIF 2.1.0 (OASIS, 2020), as code scanning reads it: a result per finding, at its line. */

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
};
/** Of GitHub's code scanning, which ranks alerts by it (0 to 10). */
const RANKS: Readonly<Record<Severity, string>> = { critical: '9.0', high: '7.0', medium: '5.0', low: '2.0' };
const ROOT = '%SRCROOT%';

/**
 * The findings as one SARIF log; paths are relative to the top of the `repository` where the server is a package of it, else
 * to the folder in which it was started.
 */
export function renderSarif(
  result: Result,
  bundle: Bundle,
  { repository }: { readonly repository?: string | undefined } = {},
): string {
  const started = bundle.evidence.target?.cwd ?? '';
  const folder = topOf(started, repository) ?? '';
  const ids = [...new Set(result.findings.map(({ id }) => id))].toSorted();
  const script = entryOf(result.target.command, started);
  const entry = script === null || folder === started ? script : `${relativePath(started, folder)}/${script}`;
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Mettle',
            semanticVersion: result.mettle,
            version: result.mettle,
            rules: ids.map((id) => rule(id, result)),
          },
        },
        invocations: [
          {
            executionSuccessful: CHECKS.every((check) => result.checks[check].status !== 'failed'),
            commandLine: printable(result.command),
            startTimeUtc: result.startedAt,
            endTimeUtc: new Date(Date.parse(result.startedAt) + result.durationMs).toISOString(),
            toolExecutionNotifications: result.notes.map((note) => ({
              level: 'note',
              message: { text: printable(note) },
            })),
          },
        ],
        originalUriBaseIds: folder === '' ? {} : { [ROOT]: { uri: folderUri(folder) } },
        columnKind: 'utf16CodeUnits',
        results: result.findings.map((finding) => resultOf(finding, ids.indexOf(finding.id), folder, entry)),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function rule(id: string, { findings }: Result): ReportingDescriptor {
  const mine = findings.filter((finding) => finding.id === id);
  const severity = (['critical', 'high', 'medium', 'low'] as const).find((each) =>
    mine.some((finding) => finding.severity === each),
  );
  return {
    id,
    name: id
      .split('-')
      .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
      .join(''),
    shortDescription: { text: id.replaceAll('-', ' ') },
    help: { text: printable(mine[0]?.fix ?? id) },
    defaultConfiguration: { level: LEVELS[severity ?? 'medium'] },
    properties: { 'problem.severity': LEVELS[severity ?? 'medium'], tags: ['mcp', 'performance'] },
  };
}

function resultOf(finding: Finding, ruleIndex: number, folder: string, entry: string | null): SarifResult {
  const { id, severity, title, fix, verify, location, tool, evidence } = finding;
  const place = location !== undefined && isOnDisk(location.file) ? location : null;
  const lines = [title, `Fix: ${fix}`, `Verify: ${verify.command} (${verify.expect})`];
  // Code scanning refuses a whole log for one result without a place: the file that was started is the nearest.
  if (place === null && entry !== null) lines.splice(1, 0, 'No line of the source is known.');
  const stacks = evidence.flatMap((exhibit) => stackOf(exhibit, folder));
  return {
    ruleId: id,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: lines.map(printable).join('\n') },
    locations: place === null ? whole(entry) : [{ physicalLocation: physical(place, folder) }],
    partialFingerprints: { 'mettle/v1': finding.fingerprint },
    ...(stacks.length === 0 ? {} : { stacks }),
    properties: {
      'security-severity': RANKS[severity],
      confidence: finding.confidence,
      ...(tool === undefined ? {} : { tool: printable(tool) }),
      cost: `${finding.cost.value} ${finding.cost.unit} per ${finding.cost.per}`,
    },
  };
}

function whole(entry: string | null): Location[] {
  if (entry === null) return [];
  return [{ physicalLocation: { artifactLocation: artifact(entry), region: { startLine: 1 } } }];
}

function physical(at: SourceLocation | Frame, folder: string): PhysicalLocation {
  return {
    artifactLocation: artifact(relativePath(at.file, folder)),
    ...(at.line > 0
      ? {
          region: {
            startLine: at.line,
            ...(at.column !== undefined && at.column > 0 ? { startColumn: at.column } : {}),
          },
        }
      : {}),
  };
}

function artifact(path: string): ArtifactLocation {
  const slashed = path.replaceAll('\\', '/');
  const isAbsolute = slashed.startsWith('/') || /^[A-Za-z]:\//.test(slashed);
  const uri = slashed
    .split('/')
    .map((part) => (/^[A-Za-z]:$/.test(part) ? part : encodeURIComponent(part)))
    .join('/');
  return isAbsolute ? { uri: `file://${uri.startsWith('/') ? '' : '/'}${uri}` } : { uri, uriBaseId: ROOT };
}

function folderUri(folder: string): string {
  return artifact(`${folder.replace(/[/\\]+$/, '')}/`).uri ?? '';
}

function stackOf(exhibit: Exhibit, folder: string): readonly Stack[] {
  if (exhibit.kind !== 'stack') return [];
  const frames = exhibit.frames.filter(({ file }) => isOnDisk(file));
  if (frames.length === 0) return [];
  return [
    {
      message: { text: printable(exhibit.title) },
      frames: frames.map((frame) => ({
        location: {
          logicalLocations: [{ fullyQualifiedName: printable(frame.function) || '(anonymous)' }],
          physicalLocation: physical(frame, folder),
        },
      })),
    },
  ];
}
