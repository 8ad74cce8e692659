// What k6's modules share within one virtual user.
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';

let samples = [];

export function sample(metric, type, value, tags = {}) {
  samples.push({ metric, type, value, tags });
}

export function takeSamples() {
  const taken = samples;
  samples = [];
  return taken;
}

const answered = new Int32Array(new SharedArrayBuffer(4));
const { port1: port, port2 } = new MessageChannel();
new Worker(new URL('http-thread.mjs', import.meta.url), {
  workerData: { port: port2, answered },
  transferList: [port2],
}).unref();
port.unref();
// It says when it is there, so that no request pays for its start.
Atomics.wait(answered, 0, 0);

/** Blocks until the answer is there, as k6's requests do: another thread makes the request. */
export function request(message) {
  Atomics.store(answered, 0, 0);
  port.postMessage(message);
  Atomics.wait(answered, 0, 0);
  return receiveMessageOnPort(port).message;
}

export function pause(seconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
}
