/** What `mettle --help` prints; fits 80 columns. */
export const HELP = `Mettle examines an MCP server: what is slow, serialised or wrong under load,
in which tool, at which line. The server needs no change.

  mettle check   [target]   every examination, one verdict per failure mode
  mettle profile [target]   CPU and event-loop blocking per tool
  mettle bench   [target]   latency and throughput under load; capacity
  mettle leak    [target]   what calls leave behind for good, held by what,
                            added at which line
  mettle race    [target]   calls at once in every order of their events up to a
                            bound: what no order of the calls explains
  mettle leak --compare BEFORE AFTER
                            what grew between two heap snapshots
  mettle attach  PID        the same of a server that is already running, as
                            its clients use it: no restart, no change
  mettle record  [target]   stand between a client and its server, and keep the
                            client's calls as a workload
  mettle init    [target]   the minimum set-up of a server's project: config,
                            workload, baseline, tests of races, CI job
                            (more: mettle init --help)
  mettle mcp     [target]   Mettle itself as an MCP server, for coding agents
  mettle probe   [target]   one look from outside: is it reachable, how long does
                            each step take, has its tool list changed
                            (more: mettle probe --help)
  mettle watch   --config FILE
                            the same look every minute at many servers: history,
                            alerts, status page (mettle watch --help)
  mettle report  BUNDLE     render a saved run again, in any format; with
                            --against BUNDLE what is mended, new, or stayed

Target
  -- COMMAND ARGS…               a server on stdio
  --http URL                     a server that is already running
  --http URL -- COMMAND ARGS…    start it, wait for the URL, stop it afterwards
  --module FILE[#EXPORT]         a factory such as createServer
  --config FILE --server NAME    an entry of an MCP client's config file

Options
  --tool NAME         examine this tool only, even if it writes (repeat)
  --workload FILE     the calls to make (mettle.workload.json)
  --replay            check, profile: the recording in it in order, with its
                      sessions and pauses (--speed N, --longest-pause TIME,
                      --duration TIME), in place of a mix; on top of --budget
  --allow-writes      also call tools that are not marked read-only
  --budget SECONDS    most time for measuring (default 60)
  --seconds N         how long attach watches (default 10)
  --always-on         attach for hours: a sample every 10 ms (default 3600 s)
  --memory            attach: does memory rise, and what allocates it (60 s);
                      --collect forces collections, --snapshot compares two
                      heap snapshots, --accept-pause SECONDS for large heaps
  --format FORMAT     terminal (default), json, html, md, junit, sarif,
                      github, csv, openmetrics; further ones go into --out
                      (repeat)
  --out DIR           where the run is kept (default .mettle/TIME)
  --fail-on EXPR      exit 1 on: a severity or worse (default medium), a check,
                      a finding id, several with commas, or none
  --seed N            seed of generated arguments and of the order of calls
  --env K=V           set in the server's environment (repeat)
  --header "K: V"     sent with every HTTP request (repeat)
  --era 2025|2026     protocol era, instead of finding it out
  --cwd DIR           where the server is started
  --quiet             no progress on stderr

"mettle bench --help" and "mettle race --help" list what they take besides.

Exit codes: 0 nothing over the bar, 1 findings over the bar, 2 usage,
3 the server could not be reached or died, 70 a bug in Mettle.
`;

/** What `mettle bench --help` prints; fits 80 columns. */
export const BENCH_HELP = `mettle bench [target] drives a server and reports latency, throughput,
failures by kind, and the server's CPU per call. Target and common options:
mettle --help. Tools are called by the same rules as in mettle check.

Clients that wait for their answers (the default)
  --connections N     clients, each with a session (HTTP 4, stdio 1: a process)
  --in-flight M       calls each keeps under way (HTTP 1, stdio 4)
  --think-time TIME   mean pause of a client before its next call

Calls that come when the clock says so
  --rate R            R calls a second; latency counts from the intended start
  --ramp A..B         the rate goes from A to B over the duration
  --spike R2          with --rate: R2 for the middle fifth of the duration
  --stages LIST       TIME:RATE or TIME:FROM..TO, with commas between
  --arrivals FORM     constant (default) or poisson

Both
  --duration TIME     of the measured part (10s); 500ms, 10s, 5m, 2h
  --soak              30m unless --duration says else; tells what creeps
  --warm-up TIME      exactly so long (default: until steady)
  --timeout TIME      of one call (30s)
  --no-agent          look from the outside only: no garbage, no event-loop delay,
                      but also none of the agent's 8 µs per call
  --no-pin            leave driver and server on whatever cores they get

A recording (--workload FILE, as mettle record wrote it)
  --replay            its calls in order, at their times, in their sessions: what
                      ran together does again; without, they are a mix
  --speed N           N times its pace (1)
  --longest-pause TIME
                      longer stretches without a call are cut to this

Capacity
  --find-capacity     the highest rate with p99 within the budget, no failures
  --p99-budget TIME   the budget (100ms)

Arguments
  --arguments FORM    schema (default), or adversarial: long, deep, strange and
                      boundary values; tells what crashed or blocked the server

Another version, beside this one (docs/guide/bench-comparison.md)
  --compare WITH      git:REF, a command in quotes, or a URL
  --tolerance P       what is no difference (5%)
  --save FILE         measure beside a yardstick and keep it, to be compared with
  --against FILE      compare with that, or run its commit again beside this one
  --history FILE      add a run; tell where the level changed
  --fail-on LIMITS    cpu>1.1x, p99>2x, throughput<0.9x; p99<50ms, errors<1%,
                      memory<300MB: judged on the confidence bound

A module
  --module FILE       without an option of a load: its handlers, in process

Output
  --export k6         a k6 script of the same calls, in --out
`;

/** What `mettle race --help` prints; fits 80 columns. */
export const RACE_HELP = `mettle race [target] runs calls at once and chooses the order in which files,
timers, sockets and child processes answer: first without preemption, then with
one, then with two. What no order of the same calls, one after the other, brings
about is a race, shown with the schedule and a token that shows it again.
Target and common options: mettle --help.

The server works on a copy: of the workload's "state", or an empty folder; its
own files are never touched. Called are read-only tools, those of a workload,
those named with --tool, and with --allow-writes all that are not marked
destructive or open to the world. Most races are between tools that write.

  --preemptions N     so many at most (2), 0 to 3
  --budget SECONDS    most time (60); what was not tried for it is said
  --processes 2       two processes of the server on one working copy
  --replay TOKEN      this schedule alone: the fault again, or gone, or at which
                      step the code diverged
  --matrix            tool by tool, and a line per finding
  --ignore JSONPATH   not compared, such as '$.updatedAt' (repeat)
`;
