import { createHash } from 'node:crypto';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { UsageError } from '../../evidence/index.ts';
import { copyGiven, placeWithin, type GivenPath } from './given-data.ts';

/** The state that a server is to work on: copied, and named to it by an environment variable. */
export interface RaceState {
  /** Absolute path of the file or directory to copy. */
  readonly copy: string;
  readonly env: string;
}

/** What the server's command and variables name of the user's, relative to where it is started. */
export interface GivenData {
  readonly paths: readonly GivenPath[];
  readonly cwd: string;
}

/** Text up to this length is shown and compared as it is; longer files by their hash. */
const MAX_TEXT_BYTES = 64 * 1024;
/** Files up to this size are kept in memory, so that putting them back is one write. */
const MAX_KEPT_BYTES = 1024 * 1024;

/** Of agent/shadow.ts: what the server wrote outside, and of which files. */
const LAYERS = ['outside', 'superseded'];

const SQLITE = Buffer.from('SQLite format 3\0');
const SQLITE_SIDE_FILE = /\.\w*(db|sqlite)\w*-(wal|shm|journal)$/i;

type Original =
  | { readonly kind: 'directory' }
  | { readonly kind: 'link'; readonly target: string }
  | {
      readonly kind: 'file';
      readonly content: Buffer | null;
      readonly bytes: number;
      readonly mtimeMs: number;
    };

/**
 * A folder that the server takes for its own, filled from the user's state or empty, and put back between trials. The
 * user's own files are only read, once.
 */
export class WorkingCopy {
  /** What is compared after a trial; what `{dir}` stands for and where the server is started. */
  readonly dir: string;
  /** Tells the server where its state is, and keeps what it writes elsewhere by habit (temporary files, its user's home) inside too. */
  readonly env: Readonly<Record<string, string>>;
  /** Everything below it is ours. */
  readonly root: string;
  readonly #originals = new Map<string, Original>();
  readonly #pristine: string;
  /** What of the user's was copied because the server is told of it. */
  readonly given: readonly string[];
  readonly #places = new Map<string, string>();
  readonly #removeAtExit = (): void => this.remove();

  private constructor(root: string, state: RaceState | null, given: GivenData) {
    this.root = root;
    this.dir = join(root, 'state');
    this.#pristine = join(root, 'pristine');
    for (const folder of [this.dir, this.#pristine, join(root, 'tmp'), join(root, 'home')]) mkdirSync(folder);
    if (state !== null) this.#places.set(state.copy, this.#fill(state));
    this.given = copyGiven(given.paths, { cwd: given.cwd, dir: this.dir, places: this.#places });
    this.env = {
      ...outsideState(root),
      ...(state === null ? {} : { [state.env]: this.placeOf(state.copy) ?? this.dir }),
    };
    this.#remember('');
    process.once('exit', this.#removeAtExit);
  }

  /** Throws UsageError when the state, or what the server is told of, cannot be copied. */
  static create(state: RaceState | null, given: GivenData = { paths: [], cwd: process.cwd() }): WorkingCopy {
    if (state !== null && statSync(state.copy, { throwIfNoEntry: false }) === undefined)
      throw new UsageError(`The state to work on is ${state.copy}, and there is no such file or directory.`);
    // The resolved path: servers resolve links themselves, and answers are compared with this prefix masked.
    const root = realpathSync(mkdtempSync(join(tmpdir(), 'mettle-race-')));
    try {
      return new WorkingCopy(root, state, given);
    } catch (error) {
      rmSync(root, { recursive: true, force: true });
      throw error;
    }
  }

  /** The copy of a file or folder that the server was told of; null when there is none. */
  placeOf(path: string): string | null {
    return placeWithin(this.#places, path);
  }

  /** Makes the folder what it was. In place: a server that keeps a file open goes on seeing it. */
  restore(): void {
    const seen = new Set<string>();
    for (const path of this.#walk('')) {
      const original = this.#originals.get(path);
      const full = join(this.dir, path);
      if (original === undefined || kindOf(full) !== original.kind)
        rmSync(full, { recursive: true, force: true });
      else seen.add(path);
    }
    for (const [path, original] of this.#originals) this.#put(path, original, seen.has(path));
    for (const folder of ['tmp', 'home']) emptyFolder(join(this.root, folder));
    for (const layer of LAYERS) rmSync(join(this.root, layer), { recursive: true, force: true });
  }

  /** What lies in the folder, by path with `/`, and what was written elsewhere, by its absolute path: text, `sha256:…` of what is long or no text, `→ target` of a link. */
  snapshot(): Readonly<Record<string, string>> {
    return { ...this.#contents(this.dir, ''), ...this.#contents(join(this.root, 'outside'), '/') };
  }

  #contents(folder: string, prefix: string): Record<string, string> {
    const files: Record<string, string> = {};
    for (const path of this.#walk('', folder)) {
      const full = join(folder, path);
      const name = prefix + path.replaceAll('\\', '/');
      try {
        const seen = lstatSync(full);
        if (seen.isSymbolicLink()) files[name] = `→ ${readlinkSync(full)}`;
        else if (!seen.isDirectory())
          files[name] = seen.isFile() ? contentOf(readFileSync(full), name) : 'special';
        else if (prefix === '' && readdirSync(full).length === 0) files[`${name}/`] = '';
      } catch {
        // Gone while we looked: a server that has not come to rest.
      }
    }
    return files;
  }

  /** Files elsewhere that the server could not write to, since they are too large to be copied: see agent/shadow.ts. */
  refusedWrites(): readonly string[] {
    return this.#linesOf('refused-writes');
  }

  /** Files elsewhere of which the server wrote to a copy. */
  shadowedWrites(): readonly string[] {
    return this.#linesOf('shadowed-writes');
  }

  #linesOf(name: string): readonly string[] {
    try {
      return [...new Set(readFileSync(join(this.root, name), 'utf8').trim().split('\n'))];
    } catch {
      return [];
    }
  }

  /** Idempotent. */
  remove(): void {
    process.off('exit', this.#removeAtExit);
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  }

  #fill(state: RaceState): string {
    const place = statSync(state.copy).isDirectory() ? this.dir : join(this.dir, basename(state.copy));
    try {
      // Links are followed: one that led back to the original would let the server change it.
      cpSync(state.copy, place, { recursive: true, dereference: true });
    } catch (error) {
      throw new UsageError(
        `The state to work on, ${state.copy}, cannot be copied: ${(error as Error).message}`,
      );
    }
    return place;
  }

  #remember(below: string): void {
    // Times of a fixed order: a server that lists its files by time lists them the same way in every trial.
    let mtimeMs = Math.floor(Date.now() / 1000) * 1000 - 100_000;
    for (const path of this.#walk(below)) {
      const full = join(this.dir, path);
      const seen = lstatSync(full);
      if (seen.isDirectory()) this.#originals.set(path, { kind: 'directory' });
      else if (seen.isSymbolicLink()) this.#originals.set(path, { kind: 'link', target: readlinkSync(full) });
      else if (seen.isFile()) {
        mtimeMs += 1000;
        const keep = seen.size <= MAX_KEPT_BYTES;
        if (!keep) {
          mkdirSync(join(this.#pristine, path, '..'), { recursive: true });
          cpSync(full, join(this.#pristine, path));
        }
        const content = keep ? readFileSync(full) : null;
        this.#originals.set(path, { kind: 'file', content, bytes: seen.size, mtimeMs });
        utimesSync(full, mtimeMs / 1000, mtimeMs / 1000);
      }
    }
  }

  #put(path: string, original: Original, there: boolean): void {
    const full = join(this.dir, path);
    if (original.kind === 'directory') {
      if (!there) mkdirSync(full, { recursive: true });
    } else if (original.kind === 'link') {
      if (there && readlinkSync(full) === original.target) return;
      rmSync(full, { force: true });
      symlinkSync(original.target, full);
    } else if (!there || isChanged(full, original)) {
      if (original.content === null) cpSync(join(this.#pristine, path), full);
      else writeFileSync(full, original.content);
      utimesSync(full, original.mtimeMs / 1000, original.mtimeMs / 1000);
    }
  }

  /** Paths below, parents before children, in the order of their names. */
  *#walk(below: string, folder: string = this.dir): Generator<string> {
    let entries;
    try {
      entries = readdirSync(join(folder, below), { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(below, entry.name);
      yield path;
      if (entry.isDirectory()) yield* this.#walk(path, folder);
    }
  }
}

function isChanged(full: string, original: Extract<Original, { readonly kind: 'file' }>): boolean {
  const seen = lstatSync(full);
  if (seen.size !== original.bytes || Math.abs(seen.mtimeMs - original.mtimeMs) > 1) return true;
  // A write within one tick of the file system's clock changes no time that we could see.
  return original.content !== null && !readFileSync(full).equals(original.content);
}

function kindOf(full: string): Original['kind'] | 'other' {
  const seen = lstatSync(full, { throwIfNoEntry: false });
  if (seen === undefined) return 'other';
  if (seen.isSymbolicLink()) return 'link';
  if (seen.isDirectory()) return 'directory';
  return seen.isFile() ? 'file' : 'other';
}

function contentOf(content: Buffer, name: string): string {
  // Rows that are the same lie in other pages after another order: read-only tools tell what is in it.
  if (content.subarray(0, 16).equals(SQLITE) || SQLITE_SIDE_FILE.test(name))
    return 'SQLite, compared by what tools answer';
  if (content.length <= MAX_TEXT_BYTES) {
    const text = content.toString('utf8');
    if (!text.includes('\0') && Buffer.from(text, 'utf8').equals(content)) return text;
  }
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function emptyFolder(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** Where programs write by habit, led into the working copy. npm, npx and the like still find their own settings. */
function outsideState(root: string): Record<string, string> {
  const [home, tmp] = [join(root, 'home'), join(root, 'tmp')];
  return {
    HOME: home,
    USERPROFILE: home,
    APPDATA: home,
    LOCALAPPDATA: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local/share'),
    XDG_STATE_HOME: join(home, '.local/state'),
    XDG_CACHE_HOME: join(home, '.cache'),
    TMPDIR: tmp,
    TEMP: tmp,
    TMP: tmp,
    npm_config_cache: process.env['npm_config_cache'] ?? join(homedir(), '.npm'),
    npm_config_userconfig: process.env['npm_config_userconfig'] ?? join(homedir(), '.npmrc'),
  };
}
