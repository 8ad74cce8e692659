import { isObject, type JsonObject } from './rpc-message.ts';

/** Where each method keeps the name that `mcp-name` repeats. */
const NAME_FIELDS: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/** A value as a header may carry it: as it is where that is plain visible ASCII, else in the specification's base64 form. */
function headerValue(value: string): string {
  const plain = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !/^=\?base64\?.*\?=$/.test(value);
  return plain ? value : `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`;
}

/** The headers that repeat a 2026-07-28 request's routing facts. */
export class ModernHeaders {
  readonly #version: string;
  /** By tool: header name and the path of the argument that it repeats (`x-mcp-header` in the tool's schema). */
  readonly #parameters: Map<
    string,
    readonly { readonly header: string; readonly path: readonly string[] }[]
  > = new Map();

  constructor(version: string) {
    this.#version = version;
  }

  /** Learns from a tools/list answer which arguments must be repeated as headers. */
  learn(result: unknown): void {
    const tools = isObject(result) ? result['tools'] : undefined;
    if (!Array.isArray(tools)) return;
    for (const tool of tools.filter(isObject)) {
      const found = findHeaders(tool['inputSchema'], []);
      if (typeof tool['name'] === 'string' && found.length > 0) this.#parameters.set(tool['name'], found);
    }
  }

  for(method: string, params: JsonObject | undefined): Record<string, string> {
    const headers: Record<string, string> = { 'mcp-protocol-version': this.#version, 'mcp-method': method };
    const field = NAME_FIELDS[method];
    const name = field === undefined ? undefined : params?.[field];
    if (typeof name !== 'string') return headers;
    headers['mcp-name'] = headerValue(name);
    if (method !== 'tools/call') return headers;
    for (const { header, path } of this.#parameters.get(name) ?? []) {
      const value = path.reduce<unknown>(
        (node, key) => (isObject(node) ? node[key] : undefined),
        params?.['arguments'],
      );
      if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
        headers[`mcp-param-${header.toLowerCase()}`] = headerValue(String(value));
    }
    return headers;
  }
}

function findHeaders(
  schema: unknown,
  path: readonly string[],
): { header: string; path: readonly string[] }[] {
  if (!isObject(schema)) return [];
  const header = schema['x-mcp-header'];
  const own = typeof header === 'string' && path.length > 0 ? [{ header, path }] : [];
  const properties = isObject(schema['properties']) ? Object.entries(schema['properties']) : [];
  return [...own, ...properties.flatMap(([key, child]) => findHeaders(child, [...path, key]))];
}
