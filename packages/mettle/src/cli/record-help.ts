/** What `mettle record --help` prints; fits 80 columns. */
export const RECORD_HELP = `mettle record stands between a client and a server and keeps the calls that the
client makes, as a workload file that check, bench, leak and race take.

  mettle record -- node server.js       in the client's configuration, instead
                                        of "node server.js"
  mettle record --http URL              prints the address for the client
  mettle record --http URL -- COMMAND   starts the server as well
  mettle record --config FILE --server NAME
                                        an entry of a client's config file
  mettle record                         the target of mettle.config, here or in
                                        the folder of --cwd

  --out FILE          default mettle.workload.json; calls are added to a
                      recording that is there, a workload of yours is left alone
  --redact REGEX      leave out what matches, in keys and in texts (repeat);
                      what looks like a secret is left out anyway, and headers
                      are never kept
  --port N            the port for the client, with --http (default: a free one)
  --env K=V           set in the server's environment (repeat)
  --header "K: V"     sent to the server with every HTTP request (repeat)
  --cwd DIR           where the server is started
  --quiet             say nothing on stderr

Over stdio nothing is added to the conversation, and it ends with the server's
own exit code.
`;
