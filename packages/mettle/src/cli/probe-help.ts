/** What `mettle probe --help` prints; fits 80 columns. */
export const PROBE_HELP = `mettle probe [target] looks at a server once, from outside: DNS, connection,
TLS, HTTP, the MCP handshake, every page of tools/list; how long each took,
which failed, and what was seen. Target and common options: mettle --help.
It leaves no session behind and keeps no files of its own.

  --timeout SECONDS   for the whole look (10; 30 for a server it starts)
  --tool NAME         also call this read-only tool
  --arguments JSON    with these arguments (default {})
  --allow-writes      call it even if it does not say that it is read-only
  --save FILE         keep the tool list
  --against FILE      compare the tool list with a kept one; the same file for
                      both compares with the look before
  --certificate-days N
                      report a certificate that expires within N days (14; of
                      short-lived ones a fifth of their life)
  --self auto|health|URL
                      also read what the server's own runtime tells: the
                      resource mettle://health, or its Prometheus endpoint
  --ca FILE           trust these certificate authorities too (PEM)
  --out DIR           keep the run there; needed for several formats

Credentials come from the environment
  METTLE_BEARER_TOKEN sent as Authorization: Bearer
  METTLE_OAUTH_CLIENT_ID, METTLE_OAUTH_CLIENT_SECRET
                      client credentials, exchanged for a token at
  METTLE_OAUTH_ISSUER or METTLE_OAUTH_TOKEN_URL
                      and nowhere else
  METTLE_OAUTH_SCOPE  scopes to ask for

Exit codes: 0 up (or reachable, asking correctly for credentials that were not
given), 1 findings over the bar, 2 usage, 3 down or credentials refused,
70 a bug in Mettle.
`;
