/*
 * The cheapest MCP server over HTTP that is one: raw sockets, answers cut to measure, so that what is measured is the
 * driver. Prints its port. `sse` as argument: answers as event streams.
 */
import { createServer } from 'node:net';

const sse = process.argv[2] === 'sse';
const RESULTS = {
  initialize:
    '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"null","version":"1"}}',
  'tools/list':
    '{"tools":[{"name":"noop","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}]}',
  'tools/call': '{"content":[{"type":"text","text":"ok"}]}',
};

function answer(body) {
  const id = /"id":("[^"]*"|\d+)/.exec(body)?.[1];
  const method = /"method":"([^"]+)"/.exec(body)?.[1] ?? '';
  if (id === undefined) return 'HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n';
  const result = RESULTS[method];
  const json =
    result === undefined
      ? `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"no"}}`
      : `{"result":${result},"jsonrpc":"2.0","id":${id}}`;
  if (!sse || method !== 'tools/call')
    return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`;
  const event = `event: message\ndata: ${json}\n\n`;
  return `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n${event.length.toString(16)}\r\n${event}\r\n0\r\n\r\n`;
}

const server = createServer((socket) => {
  let text = '';
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (;;) {
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      const isPost = text.startsWith('POST');
      const body = text.slice(end + 4, end + 4 + length);
      text = text.slice(end + 4 + length);
      socket.write(isPost ? answer(body) : 'HTTP/1.1 405 No\r\ncontent-length: 0\r\n\r\n', 'latin1');
    }
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
