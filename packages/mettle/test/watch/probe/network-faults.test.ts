import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { authority, serverCertificate } from './certificates.ts';
import { listen, look, mcpServer, serve, serveTcp, serveTls } from './loopback.ts';

/** Too short to wait for, too long for loopback to need. */
const SOON = { timeoutMs: 700 };

async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('what fails before HTTP is told by its phase and in one sentence:', { timeout: 20_000 }, () => {
  it('a host name that does not exist', async () => {
    const outcome = await look('http://no-such-host.invalid/mcp');
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'dns', phases: [], sessionEnd: 'none' });
    expect(outcome.sentence).toMatch(
      /^The host name no-such-host\.invalid (does not exist|could not be looked up)/,
    );
  });

  it('a port where nothing listens', async () => {
    const url = `http://127.0.0.1:${String(await closedPort())}/mcp`;
    const outcome = await look(url);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'connect', httpStatus: null });
    expect(outcome.sentence).toBe(`Nothing listens at ${url} (connection refused).`);
  });

  it('a black hole, which neither accepts nor refuses', async () => {
    // A full backlog: Linux then drops what knocks, as a firewall does.
    const port = await fullBacklog();
    const outcome = await look(`http://127.0.0.1:${String(port)}/mcp`, SOON);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'connect' });
    expect(outcome.sentence).toContain('did not accept the connection within 700 ms');
  });

  it('a port that accepts and says nothing', async () => {
    const port = await serveTcp(() => undefined);
    const outcome = await look(`http://127.0.0.1:${String(port)}/mcp`, SOON);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'http', httpStatus: null });
    expect(outcome.sentence).toMatch(
      /accepted the connection, but did not answer initialize within 700 ms\.$/,
    );
  });

  it('a port that closes every connection', async () => {
    const port = await serveTcp((socket) => socket.destroy());
    expect(await look(`http://127.0.0.1:${String(port)}/mcp`)).toMatchObject({
      status: 'down',
      failedPhase: 'http',
    });
  });

  it('a port that speaks something else', async () => {
    const port = await serveTcp((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'));
    const outcome = await look(`http://127.0.0.1:${String(port)}/mcp`);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'http' });
    expect(outcome.sentence).toContain('Parse Error');
  });

  it('plain HTTP where TLS is expected', async () => {
    const url = await serve(mcpServer());
    const outcome = await look(url.replace('http:', 'https:'));
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'tls' });
    expect(outcome.sentence).toContain('does not speak TLS there');
  });

  it('a TLS handshake that is never finished', async () => {
    const port = await serveTcp(() => undefined);
    const outcome = await look(`https://localhost:${String(port)}/mcp`, SOON);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'tls' });
    expect(outcome.sentence).toContain('did not finish the TLS handshake within 700 ms');
  });
});

describe('a certificate', { timeout: 20_000 }, () => {
  it('that a trusted authority vouches for is accepted, and its expiry and chain are told', async () => {
    const issuer = await authority();
    const pair = await serverCertificate({ issuer, daysLeft: 60 });
    const outcome = await look(await serveTls(pair, mcpServer()), { ca: issuer.cert });
    expect(outcome).toMatchObject({ status: 'up', failedPhase: null, certificate: { names: ['localhost'] } });
    expect(outcome.phases.map(({ phase }) => phase)).toEqual([
      'dns',
      'connect',
      'tls',
      'http',
      'handshake',
      'list',
    ]);
    expect(outcome.certificate?.chain[0]).toMatchObject({ subject: 'localhost', issuer: 'Test Authority' });
    const days = (Date.parse(outcome.certificate?.validTo ?? '') - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(60);
  });

  it('that has expired is refused with the day', async () => {
    const issuer = await authority();
    const pair = await serverCertificate({ issuer, daysLeft: -2 });
    const outcome = await look(await serveTls(pair, mcpServer()), { ca: issuer.cert });
    const day = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'tls' });
    expect(outcome.sentence).toContain(`its certificate expired on ${day}`);
    expect(outcome.certificate?.validTo.slice(0, 10)).toBe(day);
  });

  it('for another host is refused with the names that it is for', async () => {
    const issuer = await authority();
    const pair = await serverCertificate({ issuer, host: 'other.example' });
    const outcome = await look(await serveTls(pair, mcpServer()), { ca: issuer.cert });
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'tls' });
    expect(outcome.sentence).toContain('its certificate is for another host (other.example)');
  });

  it('that is self-signed is refused, and nothing is sent', async () => {
    const log: string[] = [];
    const outcome = await look(
      await serveTls(await serverCertificate({}), mcpServer({}, log)),
      {},
      { bearer: 'secret' },
    );
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'tls' });
    expect(outcome.sentence).toContain('its certificate is self-signed');
    expect(log).toEqual([]);
  });

  it('of an authority that is not trusted here is refused with how to trust it', async () => {
    const pair = await serverCertificate({ issuer: await authority() });
    const outcome = await look(await serveTls(pair, mcpServer()));
    expect(outcome).toMatchObject({ status: 'down', failedPhase: 'tls' });
    expect(outcome.sentence).toMatch(/its certificate .*--ca FILE/);
  });
});

/** The port of a listener whose queue of connections is full and stays so: its process is stopped, so nothing is accepted. */
async function fullBacklog(): Promise<number> {
  const program = `const s=require('net').createServer();s.listen({port:0,host:'127.0.0.1',backlog:1},()=>console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    child.kill('SIGKILL');
  });
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(text.toString());
  child.kill('SIGSTOP');
  // The queue holds two; the first that does not get in shows that it is full.
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    sockets.push(socket);
    const gotIn = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, 300, false)),
    ]);
    if (!gotIn) return port;
  }
}
