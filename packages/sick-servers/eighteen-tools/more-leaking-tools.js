import { numbers } from '../six-tools/tool.js';

const shutdown = new AbortController();
const approvals = new Set();
const attachments = [];
const readings = [];
const rare = new Set();
let newest = null;

/** Seven more tools that keep something of each call for ever; two of them next to nothing. */
export function registerMoreLeaking(tool) {
  tool('fetch_abortable', 'Fetches a page until the server shuts down.', ({ key }) => {
    const context = { key, rows: numbers(64) };
    const onAbort = () => context.rows.fill(0);
    shutdown.signal.addEventListener('abort', onAbort); // ailment: abort listener-leak
    return context.rows.length;
  });

  tool('remind', 'Reminds in an hour.', ({ key }) => {
    const context = { key, rows: numbers(64) };
    const expire = () => context.rows.fill(0);
    setTimeout(expire, 3_600_000).unref(); // ailment: timer-leak
    return context.rows.length;
  });

  tool('request_approval', 'Asks an operator, who never answers.', ({ key }) => {
    void approved(key);
    return 'asked';
  });

  tool('attach_file', 'Attaches a file.', ({ key }) => {
    attachments.push(Buffer.alloc(16_384, key)); // ailment: external-memory-leak
    return attachments.length;
  });

  tool('record_reading', 'Records a reading.', ({ amount }) => {
    readings.push(amount * 1.5); // 8 bytes: too slight to be a finding
    return readings.length;
  });

  tool('draft', 'Keeps a draft and all before it.', ({ key }) => {
    newest = { key, marks: numbers(8), before: newest }; // ailment: heap-leak
    return newest.key;
  });

  tool('check_badge', 'Remembers one badge in four.', ({ key }) => {
    if (hash(key) % 4 === 0) rare.add(`badge ${key}`); // 36 bytes a call: too slight as well
    return rare.size;
  });
}

async function approved(key) {
  const rows = numbers(64);
  await new Promise((resolve) => {
    approvals.add(resolve); // ailment: pending-promise-leak
  });
  return rows.concat(key);
}

function hash(text) {
  let sum = 7;
  for (const letter of text) sum = (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0;
  return sum >>> 3;
}
