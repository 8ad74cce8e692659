/** The part of a k6 script that speaks MCP: a client for each virtual user, of either era. */
export const CLIENT = `const META = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'k6', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const NAME_FIELDS = { 'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri' };

// Of this virtual user: each is a client of its own, with its own session.
let session = null;
let nextId = 1;

function post(message, extra) {
  const headers = Object.assign(
    { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    OWN_HEADERS,
    extra,
  );
  return http.post(URL, JSON.stringify(message), { headers, tags: { name: message.method } });
}

function connect() {
  const params = { protocolVersion: VERSION, capabilities: {}, clientInfo: { name: 'k6', version: '1' } };
  const response = post({ jsonrpc: '2.0', id: nextId++, method: 'initialize', params }, {});
  const headers = { 'mcp-protocol-version': VERSION };
  const id = response.headers['Mcp-Session-Id'];
  if (id) headers['mcp-session-id'] = id;
  post({ jsonrpc: '2.0', method: 'notifications/initialized' }, headers);
  return headers;
}

function headersFor(method, params) {
  if (ERA !== '2026') return (session = session || connect());
  const headers = { 'mcp-protocol-version': VERSION, 'mcp-method': method };
  const name = params[NAME_FIELDS[method]];
  if (name !== undefined) headers['mcp-name'] = name;
  return headers;
}

function isStream(response) {
  return String(response.headers['Content-Type'] || '').startsWith('text/event-stream');
}

// The events of a stream: the values of one field, lines of one event joined.
function eventsOf(response, field) {
  return String(response.body).split(/\\r?\\n\\r?\\n/).map((event) =>
    event.split(/\\r?\\n/).filter((line) => line.startsWith(field + ':')).map((line) => line.slice(field.length + 1).trim()).join('\\n'));
}

// The answer with this id, from JSON or from an event stream.
function answerIn(response, id) {
  for (const text of isStream(response) ? eventsOf(response, 'data') : [response.body]) {
    try {
      const message = JSON.parse(text);
      if (message.id === id) return message;
    } catch (error) {
      // Not JSON: no answer.
    }
  }
  return null;
}

// As above; a stream that ended before the answer is taken up again from its last event, as 2025-11-25 lets a server ask.
function answerOf(response, id, headers) {
  let answer = answerIn(response, id);
  let took = response.timings.duration;
  for (let tries = 0, last = response; answer === null && isStream(last) && tries < 100; tries++) {
    const from = eventsOf(last, 'id').filter((value) => value !== '').pop();
    if (from === undefined || ERA === '2026') break;
    const retryMs = Number(eventsOf(last, 'retry').filter((value) => value !== '').pop() || 0);
    sleep(retryMs / 1000);
    const again = { accept: 'text/event-stream', 'last-event-id': from };
    last = http.get(URL, { headers: Object.assign(again, OWN_HEADERS, headers), tags: { name: 'resume' } });
    took += retryMs + last.timings.duration;
    answer = answerIn(last, id);
  }
  return { answer, took };
}

function draw(choices) {
  let place = Math.random();
  for (const choice of choices) {
    place -= choice.share;
    if (place < 0) return choice;
  }
  return choices[choices.length - 1];
}
`;

/** One call, judged as Mettle judges it; its end is left open for a pause. */
export const ITERATION = `export default function () {
  const subject = draw(SUBJECTS);
  const { method, params } = draw(subject.calls);
  const headers = headersFor(method, params);
  const id = nextId++;
  const sent = ERA === '2026' ? Object.assign({}, params, { _meta: META }) : params;
  const response = post({ jsonrpc: '2.0', id, method, params: sent }, headers);
  const { answer, took } = answerOf(response, id, headers);
  const ok = response.status === 200 && answer !== null && answer.result !== undefined && answer.result.isError !== true;
  const tags = { subject: subject.name };
  check(response, { 'answered without an error': () => ok }, tags);
  failed.add(!ok, tags);
  if (ok) latency.add(took, tags);
  else {
    failures.add(1, tags);
    if (response.status === 404) session = null;
  }`;
