/** Name of the global function that rewritten SDK code calls at the top of every inbound request. */
export const ANCHOR = 'mettle.agent.request';

/*
 * The definition of the SDK's dispatch method, not calls of it. Property names survive bundlers and
 * minifiers; the text stands in every SDK from 1.0 to 2.4 (private names or file names do not).
 */
const DEFINITION = /(?<![.\w$])_onrequest\s*\(\s*([\w$]+)(?:\s*,\s*[\w$]+)?\s*\)\s*\{/g;

/** `source` with a call of the anchor in the SDK's dispatch method; null when it holds none. */
export function rewriteSdk(source: string, url: string): string | null {
  if (!source.includes('_onrequest') || source.includes(ANCHOR)) return null;
  // A plain name: V8 remembers where it stands, while every Symbol.for is looked up anew (170 ns a request).
  const anchor = `globalThis[${JSON.stringify(ANCHOR)}]?.`;
  const rewritten = source.replace(
    DEFINITION,
    (definition, request: string) => `${definition}${anchor}(this,${request},${JSON.stringify(url)});`,
  );
  return rewritten === source ? null : rewritten;
}

/** The same for what a module loader hands on; null when there is nothing to rewrite. */
export function rewriteLoaded(source: unknown, url: string): string | null {
  if (typeof source === 'string') return rewriteSdk(source, url);
  if (source instanceof ArrayBuffer) return rewriteBytes(Buffer.from(source), url);
  if (ArrayBuffer.isView(source))
    return rewriteBytes(Buffer.from(source.buffer, source.byteOffset, source.byteLength), url);
  return null;
}

function rewriteBytes(bytes: Buffer, url: string): string | null {
  return bytes.includes('_onrequest') ? rewriteSdk(bytes.toString('utf8'), url) : null;
}
