/* The cheapest MCP server on stdio that is one: answers cut to measure, one write per read. */
const INITIALIZED =
  '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"null","version":"1"}}';
const LISTED = '{"tools":[{"name":"noop","inputSchema":{"type":"object"}}]}';
const CALLED = '{"content":[{"type":"text","text":"ok"}]}';

let rest = '';
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk.toString('latin1')).split('\n');
  rest = lines.pop();
  let out = '';
  for (const line of lines) {
    const id = /"id":("[^"]*"|\d+)/.exec(line)?.[1];
    if (id === undefined) continue;
    const result = line.includes('"tools/call"')
      ? CALLED
      : line.includes('"initialize"')
        ? INITIALIZED
        : line.includes('"tools/list"')
          ? LISTED
          : null;
    out +=
      result === null
        ? `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"no"}}\n`
        : `{"result":${result},"jsonrpc":"2.0","id":${id}}\n`;
  }
  if (out !== '') process.stdout.write(out, 'latin1');
});
process.stdin.on('end', () => process.exit(0));
