/** What `mettle init --help` prints; fits 80 columns. */
export const INIT_HELP = `mettle init [target] looks at a server's project and at the live server, and writes
the minimum set-up: config, a workload with a call per read-only tool, a baseline
for benchmarks, a test of races per tool that writes, a CI job; and, asked for by
itself, the memory log in the server's entry. It shows a diff and asks before it
writes, writes only inside the project, and keeps what is there.

Without a target, package.json says how the server is started (script "start",
"bin", "main", or a file with a usual name), and whether it speaks over stdio or
HTTP is found out. Otherwise: -- COMMAND, --http URL -- COMMAND, --http URL.

  --dry-run           show what would be written, and write nothing
  --yes               do not ask (needed where there is no terminal)
  --memory-log        also put watchMemory() into the server's entry
  --allow-writes      try the tests of races now, on a copy: calls tools that
                      write, but none marked destructive or open to the world
  --overwrite         replace files that are there and differ
  --no-baseline       measure nothing
  --budget SECONDS    for the baseline (default 60)
  --cwd DIR           the project's folder
  --env K=V           set in the server's environment, and written down unless
                      the name is that of a secret (repeat)
  --quiet             no progress on stderr

Exit codes: 0 written, or nothing to do; 2 usage, or nobody to ask; 3 the server
could not be reached.
`;
