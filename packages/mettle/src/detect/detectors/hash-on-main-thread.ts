import type { Detector } from '../../evidence/index.ts';
import { causeDetector } from '../cause-finding.ts';

/** Node's own take a callback and compute on libuv's threads; libraries in JavaScript need a thread of their own. */
function asynchronousHash(what: string): string {
  const name = what.replace(/Sync$/, '');
  if (name !== what)
    return `Replace \`${what}\` by the asynchronous \`${name}\` of node:crypto, which computes on libuv's threads: \`const key = await promisify(${name})(…)\`. Raise UV_THREADPOOL_SIZE above its 4 when more of them run at once. A worker thread would help too, but is not needed.`;
  if (/bcrypt/.test(what))
    return `\`${what}\` computes on the main thread, also in its asynchronous form (in portions of up to 100 ms). Use the native \`bcrypt\` package, \`await bcrypt.compare(password, hash)\`, or \`promisify(scrypt)\` of node:crypto, which compute on libuv's threads; or keep the library and run it on a worker thread with \`offload\` of @mettle/runtime, which helps in full: the work is CPU, the message small.`;
  if (/^(?:hash|update|digest)$/.test(what))
    return 'Hash a large input as a stream, so that other calls run between its chunks (`await pipeline(createReadStream(file), hash)`), hash once and keep the digest, or use `offload` of @mettle/runtime: a worker thread helps in full when it reads the input itself or gets it by transfer.';
  if (/^(?:sign|verify)/.test(what))
    return "Give `sign` or `verify` of node:crypto a callback, which makes it compute on libuv's threads: `const signature = await promisify(sign)(algorithm, data, key)`. A worker thread would help too, but is not needed.";
  return `Run it on a worker thread with \`offload\` of @mettle/runtime, which helps in full (the work is CPU, the message small), or use the asynchronous functions of node:crypto instead of \`${what}\`, which compute on libuv's threads.`;
}

/** A hash, a key derivation or a signature that is computed on the main thread in every call. */
export const hashOnMainThread: Detector = causeDetector({
  id: 'hash-on-main-thread',
  doing: ({ whats }) => `computing ${whats[0] ?? 'a hash'}`,
  fix: ({ whats }) => asynchronousHash(whats[0] ?? ''),
});
