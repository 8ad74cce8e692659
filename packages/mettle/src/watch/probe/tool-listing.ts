import { createHash } from 'node:crypto';
import type { ToolChange, ToolListing, ToolSnapshot } from '../../evidence/index.ts';
import { isObject, type JsonObject } from '../../session/rpc-message.ts';

/** What people are shown of a text that changed. */
const SHOWN_CHARACTERS = 2000;

/** The listing that these items of tools/list make. Items without a name must have been refused before. */
export function listingOf(items: readonly JsonObject[], pages: number, bytes: number): ToolListing {
  return listingOfSnapshots(items.map(snapshotOf), pages, bytes);
}

/** The same, of tools that were kept. */
export function listingOfSnapshots(
  snapshots: readonly ToolSnapshot[],
  pages: number,
  bytes: number,
): ToolListing {
  const tools = snapshots.toSorted((a, b) => compare(a.name, b.name) || compare(a.schema, b.schema));
  // With their lengths before them the texts cannot be taken for others.
  const texts = tools.map(
    ({ name, description, schema, rest }) =>
      `${String(name.length)} ${String(description.length)} ${String(schema.length)} ${String(rest.length)} ${name}${description}${schema}${rest}`,
  );
  const digest = createHash('sha256').update(texts.join('')).digest('hex');
  return { digest, count: tools.length, pages, bytes, tools };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function snapshotOf(item: JsonObject): ToolSnapshot {
  const { name, description, inputSchema, outputSchema, ...rest } = item;
  return {
    name: String(name),
    description: typeof description === 'string' ? description : '',
    schema: canonical(withoutDialect({ inputSchema, outputSchema })),
    rest: canonical(rest),
  };
}

/** Servers name the dialect or not, and another with each SDK; it changes no tool. */
function withoutDialect(schemas: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(
    Object.entries(schemas).map(([key, schema]) => {
      if (!isObject(schema)) return [key, schema];
      const { $schema: _, ...rest } = schema;
      return [key, rest];
    }),
  );
}

/** What stands between quotes as it is. */
const PLAIN_KEY = /^[\w$.-]*$/;

/**
 * JSON with sorted keys: equal values, equal texts. By hand, since a watcher does it for every tool of every look:
 * JSON.stringify with a function that sorts takes three times as long.
 */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  let text = '';
  if (Array.isArray(value)) {
    for (const each of value) text += `${text === '' ? '' : ','}${canonical(each)}`;
    return `[${text}]`;
  }
  const members = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(members).sort()) {
    const child = members[key];
    if (child === undefined) continue;
    text += `${text === '' ? '' : ','}${PLAIN_KEY.test(key) ? `"${key}"` : JSON.stringify(key)}:${canonical(child)}`;
  }
  return `{${text}}`;
}

/** What changed between two listings, by tool. A tool listed twice counts as its first. */
export function compareListings(before: ToolListing, after: ToolListing): readonly ToolChange[] {
  if (before.digest === after.digest) return [];
  const earlier = byName(before.tools);
  const later = byName(after.tools);
  const names = [...new Set([...earlier.keys(), ...later.keys()])].toSorted(compare);
  return names.flatMap((tool): readonly ToolChange[] => {
    const was = earlier.get(tool);
    const is = later.get(tool);
    if (was === undefined) return [{ tool, kind: 'added', before: null, after: cut(is?.description ?? '') }];
    if (is === undefined) return [{ tool, kind: 'removed', before: cut(was.description), after: null }];
    return [
      ...changed(tool, 'description', was.description, is.description),
      ...changed(tool, 'schema', was.schema, is.schema),
      ...changed(tool, 'annotations', was.rest, is.rest),
    ];
  });
}

function byName(tools: readonly ToolSnapshot[]): ReadonlyMap<string, ToolSnapshot> {
  return new Map(tools.toReversed().map((tool) => [tool.name, tool]));
}

function changed(
  tool: string,
  kind: ToolChange['kind'],
  before: string,
  after: string,
): readonly ToolChange[] {
  return before === after ? [] : [{ tool, kind, before: cut(before), after: cut(after) }];
}

function cut(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 1)}…` : text;
}
