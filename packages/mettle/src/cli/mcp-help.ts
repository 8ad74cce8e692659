/** What `mettle mcp --help` prints; fits 80 columns. */
export const MCP_HELP = `mettle mcp is an MCP server with a tool per examination (check, profile, bench,
leak, race, probe) and explain_finding, for coding agents. It examines only the
servers that its own command line names.

  mettle mcp -- node dist/server.js        one server, started when needed
  mettle mcp --http URL [-- COMMAND]       one server behind a URL
  mettle mcp --config FILE                 every server of a client's config
                                           file; --server NAME: only that one
  mettle mcp --cwd DIR                     the target of DIR's mettle.config

  --listen PORT       serve over Streamable HTTP on loopback instead of stdio
  --allow-writes      also call tools that are not marked read-only
  --workload FILE     the calls to make
  --env K=V --header "K: V" --cwd DIR --era 2025|2026
                      as for the examinations
  --quiet             say nothing on stderr

A client that has roots is kept to them: a server that is started elsewhere is
refused. Examinations run one after the other, and a cancelled one stops.
`;
