import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A TCP port on which somebody of this network namespace listens. */
export interface ListeningPort {
  /** How to reach it from here, as part of a URL. */
  readonly host: string;
  readonly port: number;
  /** The socket's number in the kernel. */
  readonly inode: string;
}

/** State 0A of /proc/net/tcp. */
const LISTEN = '0A';

/** All listening ports that can be reached from here; null where there is no /proc. */
export function listeningPorts(): readonly ListeningPort[] | null {
  const tables = ['/proc/self/net/tcp', '/proc/self/net/tcp6'].map(readTable);
  return tables[0] === null ? null : tables.flatMap((table) => table ?? []);
}

/** Those of one process; null where that cannot be known. */
export function listeningPortsOf(pid: number): readonly ListeningPort[] | null {
  const ports = listeningPorts();
  const inodes = socketsOf(pid);
  return ports === null || inodes === null ? null : ports.filter(({ inode }) => inodes.has(inode));
}

function readTable(file: string): readonly ListeningPort[] | null {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    return null;
  }
  return text.split('\n').flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state !== LISTEN || local === undefined || inode === undefined) return [];
    const [address = '', port = ''] = local.split(':');
    return [{ host: hostOf(address), port: Number.parseInt(port, 16), inode }];
  });
}

/** Addresses stand there as the words of the machine's memory, least significant byte first. */
function hostOf(address: string): string {
  if (address.length > 8) return '[::1]';
  const bytes = address.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];
  const text = bytes.toReversed().join('.');
  return text === '0.0.0.0' ? '127.0.0.1' : text;
}

function socketsOf(pid: number): ReadonlySet<string> | null {
  let files: string[];
  try {
    files = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return null;
  }
  return new Set(
    files.flatMap((file) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${file}`))?.[1] ?? [];
      } catch {
        // Closed meanwhile.
        return [];
      }
    }),
  );
}
