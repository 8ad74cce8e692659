/** What `mettle --help` prints; fits 80 columns. */
export const HELP = `Mettle examines an MCP server: what is slow, serialised or wrong under load,
in which tool, at which line. The server needs no change.

  mettle check   [target]   every examination, one verdict per failure mode
  mettle profile [target]   CPU and event-loop blocking per tool
  mettle attach  PID        the same of a server that is already running, as
                            its clients use it: no restart, no change
  mettle report  BUNDLE     render a saved run again, in any format

Target
  -- COMMAND ARGS…               a server on stdio
  --http URL                     a server that is already running
  --http URL -- COMMAND ARGS…    start it, wait for the URL, stop it afterwards
  --module FILE[#EXPORT]         a factory such as createServer
  --config FILE --server NAME    an entry of an MCP client's config file

Options
  --tool NAME         examine this tool only, even if it writes (repeat)
  --workload FILE     the calls to make (mettle.workload.json)
  --allow-writes      also call tools that are not marked read-only
  --budget SECONDS    most time for measuring (default 60)
  --seconds N         how long attach watches (default 10)
  --format FORMAT     terminal (default), json, html (repeat)
  --out DIR           where the run is kept (default .mettle/TIME)
  --fail-on EXPR      exit 1 on: a severity or worse (default medium), a check,
                      a finding id, several with commas, or none
  --seed N            seed of generated arguments and of the order of calls
  --env K=V           set in the server's environment (repeat)
  --header "K: V"     sent with every HTTP request (repeat)
  --era 2025|2026     protocol era, instead of finding it out
  --cwd DIR           where the server is started
  --quiet             no progress on stderr

Exit codes: 0 nothing over the bar, 1 findings over the bar, 2 usage,
3 the server could not be reached or died, 70 a bug in Mettle.
`;
