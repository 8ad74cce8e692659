// k6, k6/http and k6/metrics, as far as Mettle's scripts use them.
import { pause, request, sample } from './world.mjs';

export default {
  post: (url, body, params) => respond('POST', url, body, params),
  get: (url, params) => respond('GET', url, null, params),
};

export function check(value, conditions, tags) {
  const all = Object.values(conditions).map((condition) => Boolean(condition(value)));
  for (const passed of all) sample('checks', 'rate', passed, tags);
  return all.every(Boolean);
}

export function sleep(seconds) {
  pause(seconds);
}

function metric(type) {
  return class {
    constructor(name) {
      if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,127}$/.test(name)) throw new Error(`${name} is no name of a metric`);
      this.name = name;
    }
    add(value, tags) {
      if (type !== 'rate' && !Number.isFinite(value)) throw new Error(`${this.name}: ${value} is no number`);
      sample(this.name, type, value, tags);
    }
  };
}
export const Counter = metric('counter');
export const Rate = metric('rate');
export const Trend = metric('trend');

function respond(method, url, body, { headers = {}, tags = {} } = {}) {
  if (body !== null && typeof body !== 'string') throw new Error('a body is a text');
  const { duration, ...response } = request({ method, url, body, headers });
  sample('http_req_duration', 'trend', duration, tags);
  sample('http_reqs', 'counter', 1, tags);
  return { ...response, timings: { duration } };
}
