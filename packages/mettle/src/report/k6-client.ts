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

// The answer with this id, from JSON or from an event stream.
function answerOf(response, id) {
  const type = String(response.headers['Content-Type'] || '');
  const texts = type.startsWith('text/event-stream')
    ? String(response.body).split(/\\r?\\n\\r?\\n/).map((event) =>
        event.split(/\\r?\\n/).filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim()).join('\\n'))
    : [response.body];
  for (const text of texts) {
    try {
      const message = JSON.parse(text);
      if (message.id === id) return message;
    } catch (error) {
      // Not JSON: no answer.
    }
  }
  return null;
}

function draw() {
  let place = Math.random();
  for (const subject of SUBJECTS) {
    place -= subject.share;
    if (place < 0) return subject;
  }
  return SUBJECTS[SUBJECTS.length - 1];
}
`;

/** One call, judged as Mettle judges it; its end is left open for a pause. */
export const ITERATION = `export default function () {
  const subject = draw();
  const { method, params } = subject.calls[exec.scenario.iterationInTest % subject.calls.length];
  const headers = headersFor(method, params);
  const id = nextId++;
  const sent = ERA === '2026' ? Object.assign({}, params, { _meta: META }) : params;
  const response = post({ jsonrpc: '2.0', id, method, params: sent }, headers);
  const answer = answerOf(response, id);
  const ok = response.status === 200 && answer !== null && answer.result !== undefined && answer.result.isError !== true;
  const tags = { subject: subject.name };
  check(response, { 'answered without an error': () => ok }, tags);
  failed.add(!ok, tags);
  if (ok) latency.add(response.timings.duration, tags);
  else {
    failures.add(1, tags);
    if (response.status === 404) session = null;
  }`;
