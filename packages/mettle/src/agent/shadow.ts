import { createHash } from 'node:crypto';
import type * as FileSystem from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';

/** Larger files are not copied: a trial would take as long as that. */
const MOST_COPIED_BYTES = 64 * 1024 * 1024;
const MOST_TOLD = 20;

type Files = Pick<
  typeof FileSystem,
  | 'appendFileSync'
  | 'copyFileSync'
  | 'existsSync'
  | 'lstatSync'
  | 'mkdirSync'
  | 'readdirSync'
  | 'statSync'
  | 'writeFileSync'
>;

/** What a function does with a path: look at it, change or make what is there, or take it away. */
export type PathRole = 'reads' | 'writes' | 'removes';

/**
 * A copy-on-write layer over everything outside a folder: what is written there goes to `FOLDER/outside`, a file that is
 * there already is copied first, and who reads finds what was written. `FOLDER/superseded` marks, by a hash, each
 * path of which the real file no longer counts: so that what was removed stays removed. All of it lies on disk, since
 * several processes may share it, and since Mettle puts it back between trials.
 */
export class Shadow {
  readonly #folder: string;
  readonly #outside: string;
  readonly #superseded: string;
  readonly #files: Files;
  readonly #told = new Set<string>();

  /** `files`: the functions of node:fs as they were before any was wrapped. */
  constructor(folder: string, files: Files) {
    this.#folder = folder;
    this.#outside = join(folder, 'outside');
    this.#superseded = join(folder, 'superseded');
    this.#files = files;
  }

  /** Whether the path needs no layer: within the folder, or no file at all. */
  isPlain(path: string): boolean {
    const folder = this.#folder;
    // The packages that the server finds there are links to the user's own.
    if (path.startsWith(join(folder, 'node_modules') + sep)) return false;
    return path === folder || path.startsWith(folder + sep) || /^\/(dev|proc)\/|^\\\\[.?]\\/.test(path);
  }

  /** Where the function is to go instead. Throws EROFS for what cannot be copied. */
  placeOf(path: string, role: PathRole, syscall: string): string {
    if (this.isPlain(path)) return path;
    return role === 'reads' ? this.#toRead(path) : this.#toChange(path, role, syscall);
  }

  /** Names in a directory: the real ones, less those superseded, and those written. */
  merge<Entry>(
    path: string,
    real: readonly Entry[],
    written: readonly Entry[],
    nameOf: (entry: Entry) => string,
  ): Entry[] {
    const names = new Set(written.map(nameOf));
    const left = real.filter(
      (entry) => !names.has(nameOf(entry)) && !this.#isSuperseded(join(path, nameOf(entry))),
    );
    return [...left, ...written].toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  }

  /** Where a directory's written entries are; null when it has none. */
  writtenIn(path: string): string | null {
    if (this.isPlain(path) || !this.#files.existsSync(this.#superseded)) return null;
    const place = this.#shadowOf(path);
    return this.#files.existsSync(place) ? place : null;
  }

  /** Whether the real directory itself is gone. */
  isGone(path: string): boolean {
    return !this.isPlain(path) && this.#isSuperseded(path);
  }

  /** The text with the layer's own paths replaced by those that the server named. */
  inTheServersWords(text: string): string {
    return text.replaceAll(this.#outside, '');
  }

  #shadowOf(path: string): string {
    // A drive's letter is a folder of its own.
    const { root } = parse(path);
    return join(this.#outside, root.replace(/[:/\\]/g, ''), path.slice(root.length));
  }

  #toRead(path: string): string {
    // Nothing was ever written outside: the usual case, at the price of one look.
    if (!this.#files.existsSync(this.#superseded)) return path;
    const shadow = this.#shadowOf(path);
    const written = this.#files.lstatSync(shadow, { throwIfNoEntry: false });
    if (written === undefined) return this.#isSuperseded(path) ? shadow : path;
    // A directory is the real one as long as that is there; its entries are merged.
    return written.isDirectory() && !this.#isSuperseded(path) && this.#files.existsSync(path) ? path : shadow;
  }

  #toChange(path: string, role: PathRole, syscall: string): string {
    this.#tell(path);
    this.#files.mkdirSync(this.#superseded, { recursive: true });
    const shadow = this.#shadowOf(path);
    const parent = dirname(path);
    if (this.#files.existsSync(this.#toRead(parent)))
      this.#files.mkdirSync(this.#shadowOf(parent), { recursive: true });
    if (this.#files.lstatSync(shadow, { throwIfNoEntry: false }) !== undefined) {
      if (role === 'removes' && this.#files.existsSync(path)) this.#supersede(path);
      return shadow;
    }
    const real = this.#isSuperseded(path) ? undefined : this.#files.statSync(path, { throwIfNoEntry: false });
    if (real === undefined) return shadow;
    if (real.isDirectory()) {
      if (role === 'removes' && syscall !== 'rm' && this.#files.readdirSync(path).length > 0)
        throw this.#refusal(path, syscall);
      this.#files.mkdirSync(shadow);
      if (role === 'removes') this.#supersede(path);
      return shadow;
    }
    if (!real.isFile() || real.size > MOST_COPIED_BYTES) throw this.#refusal(path, syscall);
    this.#files.copyFileSync(path, shadow);
    this.#supersede(path);
    return shadow;
  }

  #supersede(path: string): void {
    this.#files.writeFileSync(this.#markOf(path), path);
  }

  /** By itself, or with a directory above it. */
  #isSuperseded(path: string): boolean {
    for (let at = path; ; at = dirname(at)) {
      if (this.#files.existsSync(this.#markOf(at))) return true;
      if (dirname(at) === at) return false;
    }
  }

  #markOf(path: string): string {
    return join(this.#superseded, createHash('sha1').update(resolve(path)).digest('hex'));
  }

  #tell(path: string): void {
    if (this.#told.has(path) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(path);
    this.#files.appendFileSync(join(this.#folder, 'shadowed-writes'), `${path}\n`);
  }

  #refusal(path: string, syscall: string): Error {
    this.#files.appendFileSync(join(this.#folder, 'refused-writes'), `${path}\n`);
    const message = `EROFS: read-only file system, ${syscall} '${path}' (Mettle races servers in a working copy; this is too large to be copied)`;
    return Object.assign(new Error(message), { code: 'EROFS', errno: -30, syscall, path });
  }
}
