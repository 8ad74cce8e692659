/** What `mettle watch --help` prints; fits 80 columns. */
export const WATCH_HELP = `mettle watch --config FILE looks at many MCP servers again and again, keeps what
it saw in a SQLite file, alerts when something turns, and shows it on a page.
It runs until it is stopped.

  --config FILE       YAML: servers, alerts, page (docs/guide/watch.md)
  --quiet             nothing on stderr but what goes wrong with alerts
`;
