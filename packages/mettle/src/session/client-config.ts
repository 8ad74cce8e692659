import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { UsageError, type TargetSpec } from '../evidence/index.ts';
import { errorCode } from './fault-sentences.ts';
import { JsonSyntaxError, parseJsonc } from './jsonc.ts';
import { isObject, type JsonObject } from './rpc-message.ts';

export interface ClientConfigOptions {
  /** Where `${NAME}` and `${env:NAME}` are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Overrides the entry's own working directory, and is what `${workspaceFolder}` stands for. */
  readonly cwd?: string;
  /** What the user gave on the command line: wins over the entry's own, which then need not be known. */
  readonly given?: {
    readonly env: Readonly<Record<string, string>>;
    readonly headers: Readonly<Record<string, string>>;
  };
}

/**
 * The target that an MCP client's config file describes under `serverName`: `mcpServers` (Claude Desktop, Cursor) or
 * `servers` (VS Code). Throws UsageError in words for whatever is missing or cannot be understood.
 */
export async function readClientConfig(
  file: string,
  serverName: string,
  options: ClientConfigOptions,
): Promise<TargetSpec> {
  const servers = serversOf(await readText(file), file);
  const entry = Object.hasOwn(servers, serverName) ? servers[serverName] : undefined;
  if (!isObject(entry)) {
    const names = Object.keys(servers);
    throw new UsageError(
      `${file} has no server "${serverName}"; ${names.length === 0 ? 'it has none at all' : `it has ${names.join(', ')}`}.`,
    );
  }
  const workspace = options.cwd ?? workspaceOf(file);
  return new EntryReader(`Server "${serverName}" of ${file}`, entry, options, workspace).read();
}

/** The names of the servers in an MCP client's config file. Throws UsageError as readClientConfig does. */
export async function namesInClientConfig(file: string): Promise<readonly string[]> {
  return Object.keys(serversOf(await readText(file), file));
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT')
      throw new UsageError(`The config file ${file} does not exist: check the path given with --config.`);
    throw new UsageError(`The config file ${file} cannot be read (${errorCode(error)}).`);
  }
}

function serversOf(text: string, file: string): JsonObject {
  let config: unknown;
  try {
    config = parseJsonc(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new UsageError(
      `${file}:${String(error.line)}:${String(error.column)} is not valid JSON: ${error.message}.`,
    );
  }
  const root = isObject(config) ? config : {};
  // VS Code's user settings keep the same object under "mcp".
  const servers = [
    root['mcpServers'],
    root['servers'],
    isObject(root['mcp']) ? root['mcp']['servers'] : undefined,
  ].find(isObject);
  if (servers === undefined)
    throw new UsageError(
      `${file} has neither "mcpServers" nor "servers": give the config file of an MCP client.`,
    );
  return servers;
}

/** Clients keep such files in `.vscode` or `.cursor` of a project; what they start runs in the project itself. */
function workspaceOf(file: string): string {
  const directory = dirname(resolve(file));
  return /[\\/]\.[\w-]+$/.test(directory) ? dirname(directory) : directory;
}

class EntryReader {
  readonly #who: string;
  readonly #entry: JsonObject;
  readonly #options: ClientConfigOptions;
  readonly #workspace: string;

  constructor(who: string, entry: JsonObject, options: ClientConfigOptions, workspace: string) {
    this.#who = who;
    this.#entry = entry;
    this.#options = options;
    this.#workspace = workspace;
  }

  async read(): Promise<TargetSpec> {
    const { command, url, serverUrl, httpUrl } = this.#entry;
    const cwd = this.#directory();
    const address = [url, serverUrl, httpUrl].find((value) => typeof value === 'string');
    if (typeof command === 'string' && command !== '') {
      const args = this.#entry['args'] ?? [];
      if (!Array.isArray(args) || !args.every((word) => typeof word === 'string'))
        throw new UsageError(`${this.#who}: "args" must be a list of strings.`);
      const env = { ...(await this.#envFile(cwd)), ...this.#strings('env') };
      return {
        kind: 'stdio',
        command: [this.#fill(command), ...args.map((word) => this.#fill(word))],
        env,
        cwd,
      };
    }
    if (address === undefined) throw new UsageError(`${this.#who} has neither "command" nor "url".`);
    const filled = this.#fill(address);
    if (!URL.canParse(filled) || !/^https?:$/.test(new URL(filled).protocol))
      throw new UsageError(`${this.#who}: "url" is no http:// or https:// URL.`);
    return { kind: 'http', url: filled, headers: this.#strings('headers'), command: null, env: {}, cwd };
  }

  #directory(): string {
    const { cwd } = this.#entry;
    if (this.#options.cwd !== undefined) return this.#options.cwd;
    return typeof cwd === 'string' ? resolve(this.#workspace, this.#fill(cwd)) : this.#workspace;
  }

  async #envFile(cwd: string): Promise<Record<string, string>> {
    const { envFile } = this.#entry;
    if (typeof envFile !== 'string') return {};
    const path = this.#fill(envFile);
    const text = await readFile(isAbsolute(path) ? path : resolve(cwd, path), 'utf8').catch(() => {
      throw new UsageError(`${this.#who}: its "envFile" ${path} cannot be read.`);
    });
    return Object.fromEntries(Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? '']));
  }

  #strings(field: 'env' | 'headers'): Record<string, string> {
    const values = this.#entry[field] ?? {};
    if (!isObject(values)) throw new UsageError(`${this.#who}: "${field}" must be an object of strings.`);
    const given = this.#options.given?.[field] ?? {};
    const own = Object.entries(values).filter(
      ([name, value]) => value !== null && !Object.hasOwn(given, name),
    );
    return { ...Object.fromEntries(own.map(([name, value]) => [name, this.#fill(String(value))])), ...given };
  }

  #fill(text: string): string {
    return text.replace(/\$\{([^}]*)\}/g, (_whole, inner: string) => this.#variable(inner));
  }

  #variable(inner: string): string {
    if (inner === 'workspaceFolder') return this.#workspace;
    if (inner === 'userHome') return homedir();
    if (inner === 'pathSeparator' || inner === '/') return process.platform === 'win32' ? '\\' : '/';
    if (inner.startsWith('input:')) {
      const id = inner.slice('input:'.length);
      throw new UsageError(
        `${this.#who} asks its user for the input "${id}", which Mettle cannot: give it with --env or --header under the name that uses it, or write it into a copy of the file.`,
      );
    }
    const [, name = '', fallback] = /^(?:env:)?([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inner) ?? [];
    if (name === '')
      throw new UsageError(
        `${this.#who} uses \${${inner}}, which Mettle does not know: write the value in its place in a copy of the file.`,
      );
    const value = this.#options.env[name] ?? fallback;
    if (value === undefined)
      throw new UsageError(
        `${this.#who} needs the environment variable ${name}, which is not set: set it and try again.`,
      );
    return value;
  }
}
