import { parseArgs } from 'node:util';
import { UsageError } from '../evidence/index.ts';
import type { Era } from '../evidence/index.ts';

/** Options of the examining commands, as typed or from mettle.config; undefined = not given. */
export interface CommandOptions {
  readonly tool: readonly string[];
  readonly workload: string | undefined;
  readonly allowWrites: boolean;
  readonly budgetSeconds: number | undefined;
  /** How long `mettle attach` watches. */
  readonly seconds: number | undefined;
  /** `mettle attach` in the form that may stay on for hours. */
  readonly alwaysOn: boolean;
  readonly format: readonly string[];
  readonly out: string | undefined;
  readonly failOn: string | undefined;
  readonly seed: number | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly header: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  readonly quiet: boolean;
  readonly era: Era | undefined;
  readonly http: string | undefined;
  readonly module: string | undefined;
  readonly config: string | undefined;
  readonly server: string | undefined;
  readonly help: boolean;
  /** Values of the options that one command has besides, by name. */
  readonly extra: ExtraValues;
  /** What stands after `--`. */
  readonly command: readonly string[];
  /** Words that are neither options nor behind `--`. */
  readonly positionals: readonly string[];
}

/** Options that one command has besides the usual ones, as `parseArgs` takes them. */
export type ExtraOptions = Readonly<
  Record<string, { readonly type: 'string' | 'boolean'; readonly multiple?: boolean }>
>;
export type ExtraValues = Readonly<
  Record<string, string | boolean | readonly (string | boolean)[] | undefined>
>;

/** One sample a millisecond: from five minutes on samples are thinned out. */
const MOST_SECONDS = 300;
/** Of the form that samples every 10 ms, and of memory: a day, after which a server had better be looked at. */
const MOST_SECONDS_ALWAYS_ON = 86_400;

const OPTIONS = {
  tool: { type: 'string', multiple: true },
  workload: { type: 'string' },
  'allow-writes': { type: 'boolean' },
  budget: { type: 'string' },
  seconds: { type: 'string' },
  'always-on': { type: 'boolean' },
  format: { type: 'string', multiple: true },
  out: { type: 'string' },
  'fail-on': { type: 'string' },
  seed: { type: 'string' },
  env: { type: 'string', multiple: true },
  header: { type: 'string', multiple: true },
  cwd: { type: 'string' },
  quiet: { type: 'boolean' },
  era: { type: 'string' },
  http: { type: 'string' },
  module: { type: 'string' },
  config: { type: 'string' },
  server: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The options in `argv` (without the command's name). Throws UsageError with the option at fault. */
export function parseOptions(argv: readonly string[], also: ExtraOptions = {}): CommandOptions {
  const split = argv.indexOf('--');
  const own = split < 0 ? argv : argv.slice(0, split);
  const command = split < 0 ? [] : argv.slice(split + 1);
  if (split >= 0 && command.length === 0)
    throw new UsageError(
      'Nothing follows "--": name the command that starts the server, such as -- node server.js.',
    );
  const { values, positionals } = parse(own, also);
  const mayStay = values['always-on'] === true || (values as ExtraValues)['memory'] === true;
  const mostSeconds = mayStay ? MOST_SECONDS_ALWAYS_ON : MOST_SECONDS;
  return {
    tool: values.tool ?? [],
    workload: values.workload,
    allowWrites: values['allow-writes'] ?? false,
    budgetSeconds: numberOf('--budget', values.budget, (n) => n >= 1, 'a number of seconds, at least 1'),
    seconds: numberOf(
      '--seconds',
      values.seconds,
      (n) => n >= 1 && n <= mostSeconds,
      `a number of seconds from 1 to ${mostSeconds}${mostSeconds === MOST_SECONDS ? ' (more with --always-on or --memory)' : ''}`,
    ),
    alwaysOn: values['always-on'] ?? false,
    format: values.format ?? [],
    out: values.out,
    failOn: values['fail-on'],
    seed: numberOf('--seed', values.seed, (n) => Number.isSafeInteger(n) && n >= 0, 'a whole number from 0'),
    env: pairs('--env', values.env ?? [], /^([A-Za-z_]\w*)=(.*)$/s, 'NAME=VALUE'),
    header: pairs('--header', values.header ?? [], /^([\w!#$%&'*+.^`|~-]+):\s*(.*)$/s, '"Name: value"'),
    cwd: values.cwd,
    quiet: values.quiet ?? false,
    era: eraOf(values.era),
    http: values.http,
    module: values.module,
    config: values.config,
    server: values.server,
    help: values.help ?? false,
    extra: Object.fromEntries(Object.keys(also).map((name) => [name, (values as ExtraValues)[name]])),
    command,
    positionals,
  };
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true; strict: true }>>;

/** Node's sentence names the option; its advice on "--" would mislead here. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [sentence = error.message] = error.message.split(/\. To specify|[.\n]*\n/);
  return sentence.endsWith('ambiguous')
    ? `${sentence}, since what follows it begins with a dash: write --option=value`
    : sentence;
}

function parse(args: readonly string[], also: ExtraOptions): Values {
  try {
    const options = { ...also, ...OPTIONS };
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(`${sentenceOf(error)}. Run "mettle --help" for the options.`);
  }
}

export function numberOf(
  option: string,
  text: string | undefined,
  valid: (n: number) => boolean,
  wanted: string,
): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || !valid(value))
    throw new UsageError(`${option} takes ${wanted}; "${text}" is none.`);
  return value;
}

function pairs(
  option: string,
  words: readonly string[],
  form: RegExp,
  wanted: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const match = form.exec(word);
      if (match === null) throw new UsageError(`${option} takes ${wanted}; what was given has another form.`);
      return [match[1] ?? '', match[2] ?? ''] as const;
    }),
  );
}

function eraOf(text: string | undefined): Era | undefined {
  if (text === undefined || text === '2025' || text === '2026') return text;
  throw new UsageError(`--era takes 2025 (initialize handshake) or 2026 (stateless); "${text}" is neither.`);
}
