// Makes the requests of one virtual user, one at a time, over a connection that is kept.
import { Agent, request } from 'node:http';
import { workerData } from 'node:worker_threads';

const { port, answered } = workerData;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

port.on('message', ({ method, url, body, headers }) => {
  const startedAt = performance.now();
  const told = (response) => {
    port.postMessage({ ...response, duration: performance.now() - startedAt });
    Atomics.store(answered, 0, 1);
    Atomics.notify(answered, 0);
  };
  const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const sent = request(url, { method, agent, headers: { ...headers, ...length } }, (response) => {
    const parts = [];
    response.on('data', (part) => parts.push(part));
    response.on('end', () =>
      told({
        status: response.statusCode,
        headers: canonical(response.headers),
        body: Buffer.concat(parts).toString('utf8'),
      }),
    );
  });
  // k6 makes a failed request a response with status 0.
  sent.on('error', ({ message }) => told({ status: 0, headers: {}, body: null, error: message }));
  sent.end(body ?? undefined);
});

/** As Go writes header names. */
function canonical(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.replaceAll(/(^|-)([a-z])/g, (_, dash, letter) => dash + letter.toUpperCase()),
      String(value),
    ]),
  );
}

Atomics.store(answered, 0, 1);
Atomics.notify(answered, 0);
