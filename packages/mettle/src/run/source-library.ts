import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ScriptsAnswer, ScriptText, WantedScripts } from '../agent/protocol.ts';
import { filePath, formatFile, isOwn } from '../derive/index.ts';
import type { Home, SourceText } from '../derive/index.ts';
import { isSource } from '../derive/hot-lines.ts';
import { readGeneratedCode } from '../derive/generated-code.ts';
import type { GeneratedCode } from '../derive/generated-code.ts';
import { placeFrame, placeProfile, placeStacks } from '../derive/original-places.ts';
import type { MappedScript, PlacedProfile } from '../derive/original-places.ts';
import { openSourceMap } from '../derive/source-map.ts';
import type { OpenSourceMap } from '../derive/source-map.ts';
import type { CpuProfileEvidence, Frame } from '../evidence/index.ts';
import { findSourceMap } from './find-source-map.ts';
import { isPlainFile, isSourceName, readPlainFile } from './plain-files.ts';

type Profile = CpuProfileEvidence['profile'];

/** Asks the server's agent for scripts; null without one, or when it does not answer. */
export type FetchScripts = (wanted: WantedScripts) => Promise<ScriptsAnswer | null>;

/** A bundle of 20 MB is read in a second; larger scripts stay as they are. */
const MOST_SCRIPT_BYTES = 20_000_000;
/** Larger files are generated; a person's line is not found in them by name. */
const MOST_SOURCE_BYTES = 5_000_000;
/** A line that long was written by a program. */
const LONG_LINE = 1000;
/** Scripts named in one note. */
const NAMED = 3;

/** A place that has to be in the script's text, if that is what ran. */
interface Place {
  readonly line: number;
  readonly column: number;
}
interface Wanted {
  readonly url: string;
  readonly scriptId: string | null;
  readonly places: Place[];
}
interface Script {
  readonly path: string;
  /** What V8 compiled; null when it could not be had. */
  readonly text: string | null;
  readonly mapped: MappedScript | null;
}

/**
 * The server's scripts, the source maps that belong to them, and the text of the files that people wrote. What can be
 * read from disk is; only for scripts that are not what the disk has is the server asked.
 */
export class SourceLibrary {
  readonly #home: Home;
  readonly #rewritten: boolean;
  readonly #byId = new Map<string, Script>();
  readonly #byPath = new Map<string, Script>();
  readonly #originals = new Map<string, string>();
  readonly #read = new Map<string, string | null>();
  readonly #faults = new Map<string, string>();
  readonly #minified = new Set<string>();

  /** `rewritten`: modules are changed before they run though they keep their names, as test runners do. */
  constructor(home: Home, { rewritten = false }: { readonly rewritten?: boolean } = {}) {
    this.#home = home;
    this.#rewritten = rewritten;
  }

  /** Learns the scripts that a profile names. */
  async learnProfile(profile: Profile, fetch: FetchScripts | null): Promise<void> {
    const wanted = new Map<string, Wanted>();
    for (const { callFrame } of profile.nodes) {
      const { url, scriptId, lineNumber, columnNumber } = callFrame;
      if (lineNumber < 0 || this.#byId.has(scriptId) || !this.#isOurs(url)) continue;
      const script = wanted.get(scriptId) ?? { url, scriptId, places: [] };
      script.places.push({ line: lineNumber + 1, column: columnNumber + 1 });
      wanted.set(scriptId, script);
    }
    await this.#learn([...wanted.values()], fetch);
  }

  /** Learns the scripts in which the stacks within `value` stand. */
  async learnStacks(value: unknown, fetch: FetchScripts | null): Promise<void> {
    const wanted = new Map<string, Wanted>();
    placeStacks(value, (frame) => {
      if (!this.#byPath.has(keyOf(frame.file)) && this.#isOurs(frame.file)) {
        const url = isPath(frame.file) ? pathToFileURL(frame.file).href : frame.file;
        const script = wanted.get(url) ?? { url, scriptId: null, places: [] };
        script.places.push(frame);
        wanted.set(url, script);
      }
      return frame;
    });
    await this.#learn([...wanted.values()], fetch);
  }

  /** The profile at original places. */
  placeProfile(profile: Profile): PlacedProfile {
    return placeProfile(profile, (_url, id) => this.#byId.get(id)?.mapped ?? null, this.textOf);
  }

  /** The value with the stacks in it at original places. */
  placeStacks<T>(value: T): T {
    return placeStacks(value, (frame: Frame) =>
      placeFrame(frame, this.#byPath.get(keyOf(frame.file))?.mapped ?? null),
    );
  }

  /** Text of an original file, or of a script that has no other. */
  readonly textOf: SourceText = (file) => {
    const known = this.#originals.get(keyOf(file));
    if (known !== undefined) return known;
    let text = this.#read.get(file);
    if (text === undefined) {
      text = readPlainFile(file, MOST_SOURCE_BYTES);
      this.#read.set(file, text);
    }
    return text;
  };

  /** What could not be mapped, each said once. */
  notes(): readonly string[] {
    const byFault = new Map<string, string[]>();
    for (const [path, fault] of this.#faults) byFault.set(fault, [...(byFault.get(fault) ?? []), path]);
    const notes = [...byFault].map(
      ([fault, paths]) => `${this.#named(paths)}: ${fault}; places in it are those of the generated code.`,
    );
    if (this.#minified.size > 0)
      notes.push(
        `${this.#named([...this.#minified])}: generated code without a source map; build with one (--sourcemap) and findings name your own lines.`,
      );
    return notes;
  }

  #named(paths: readonly string[]): string {
    const names = paths.slice(0, NAMED).map((path) => formatFile(path, this.#home.cwd));
    return names.join(', ') + (paths.length > NAMED ? ` and ${paths.length - NAMED} more` : '');
  }

  /** Dependencies are known by the places that they were published with. */
  #isOurs(url: string): boolean {
    const file = filePath(url);
    return isSource(file) && isOwn({ function: '', file, line: 1, column: 1 }, this.#home);
  }

  async #learn(wanted: readonly Wanted[], fetch: FetchScripts | null): Promise<void> {
    const asked = fetch === null ? [] : wanted.filter((script) => !this.#isAsOnDisk(script));
    const answer =
      asked.length === 0
        ? null
        : await fetch?.({
            scriptIds: asked.flatMap(({ scriptId }) => scriptId ?? []),
            urls: asked.flatMap(({ scriptId, url }) => (scriptId === null ? [withoutQuery(url)] : [])),
          });
    for (const script of wanted) this.#add(script, textFor(script, answer?.scripts ?? []));
  }

  /** Whether what ran can be the file: code made at run time, by a loader or from a file that has changed, mostly is not. */
  #isAsOnDisk({ url, places }: Wanted): boolean {
    const path = filePath(url);
    if (this.#rewritten || !isPath(path) || /\.(?:[cm]?tsx?|jsx)$/i.test(path)) return false;
    const lines = this.#disk(path)?.split('\n');
    return (
      lines !== undefined && places.every(({ line, column }) => column <= (lines[line - 1]?.length ?? -1) + 1)
    );
  }

  #disk(path: string): string | null {
    return isPath(path) ? readPlainFile(path, MOST_SCRIPT_BYTES) : null;
  }

  #add({ url, scriptId }: Wanted, ran: string | null): void {
    const path = filePath(url);
    const disk = this.#disk(path);
    const text = ran ?? disk;
    const map = text === null ? null : this.#mapOf(text, path);
    const script: Script = { path, text, mapped: map === null ? null : asMapped(map, text) };
    if (scriptId !== null) this.#byId.set(scriptId, script);
    if (path !== '') this.#byPath.set(keyOf(path), script);
    if (map !== null && text !== null) this.#addOriginals(map, text);
    else if (ran !== null && path !== '' && !keepsLines(ran, disk)) this.#originals.set(keyOf(path), ran);
    if (map === null && text !== null && path !== '' && !this.#faults.has(path) && hasLongLines(text))
      this.#minified.add(path);
  }

  #mapOf(text: string, path: string): OpenSourceMap | null {
    const found = findSourceMap(text, path);
    if (found === null) return null;
    let fault = 'fault' in found ? found.fault : null;
    let map: OpenSourceMap | null = null;
    if ('text' in found) {
      map = openSourceMap(found.text, found.url, (source) => this.#fileOf(source));
      if (map === null) fault = 'its source map is damaged';
      else if (!map.fits(text)) fault = 'its source map belongs to another build';
    }
    if (fault !== null) this.#faults.set(path, fault);
    return fault === null ? map : null;
  }

  /** Bundlers name sources by URLs of their own (`webpack://shop/./src/tools.ts`), relative to where they ran. */
  #fileOf(source: string): string {
    const own = /^(?!file:|https?:|node:|data:)[a-z][\w+.-]+:\/\/[^/]*\/(.+)$/i.exec(source)?.[1];
    if (own === undefined) return filePath(source);
    const path = join(this.#home.cwd, own.replace(/\?.*$/, ''));
    return isPlainFile(path) ? path : source;
  }

  /** What the map itself has of a file is what was compiled; the disk may have moved on. */
  #addOriginals(map: OpenSourceMap, script: string): void {
    let compiled: ReadonlyMap<string, string> | null = null;
    for (const { file, text } of map.sources) {
      const key = keyOf(file);
      if (this.#originals.has(key)) continue;
      const onDisk = isPath(file) && isSourceName(file) ? readPlainFile(file, MOST_SOURCE_BYTES) : null;
      compiled ??= text === null && onDisk === null ? map.compiledTexts(script) : null;
      this.#originals.set(key, text ?? onDisk ?? compiled?.get(file) ?? '');
    }
  }
}

function asMapped(map: OpenSourceMap, text: string | null): MappedScript {
  let code: GeneratedCode | null | undefined;
  return {
    map,
    code() {
      if (code === undefined) code = text === null ? null : readGeneratedCode(text);
      return code;
    },
  };
}

function textFor({ scriptId, url }: Wanted, scripts: readonly ScriptText[]): string | null {
  const own =
    scriptId === null
      ? scripts.findLast((script) => withoutQuery(script.url) === withoutQuery(url))
      : scripts.find((script) => script.scriptId === scriptId);
  return own?.text ?? null;
}

/** Whether the text has the file's lines, as after Node.js has blanked its types: then the file is what people know. */
function keepsLines(ran: string, disk: string | null): boolean {
  if (disk === null) return false;
  const count = (text: string): number =>
    text.replace(/\s*(?:\/\/# sourceURL=\S*\s*)?$/, '').split('\n').length;
  return count(ran) === count(disk);
}

function hasLongLines(text: string): boolean {
  return text.split('\n').some((line) => line.length > LONG_LINE && !/^\s*(?:\/\/|['"`])/.test(line));
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, '');
}

function isPath(file: string): boolean {
  return file.startsWith('/') || /^[A-Za-z]:[/\\]/.test(file);
}

function keyOf(file: string): string {
  return filePath(file).replaceAll('\\', '/');
}
