import type { Frame } from '../../src/evidence/index.ts';

/** Where the built servers live. */
export const CWD = '/srv/shop';

/** A frame of the server's own code: `at('hashPassword', 'src/tools.js', 12)`. */
export function at(name: string, file: string, line: number): Frame {
  return { function: name, file: `${CWD}/${file}`, line, column: 3 };
}

/** A frame of a package under the server's node_modules. */
export function inPackage(name: string, path: string, line = 1): Frame {
  return { function: name, file: `${CWD}/node_modules/${path}`, line, column: 1 };
}

/** A frame of Node's own JavaScript. */
export function inNode(name: string, module: string): Frame {
  return { function: name, file: `node:${module}`, line: 70, column: 1 };
}

/** Native code. */
export function native(name: string): Frame {
  return { function: name, file: '', line: 0, column: 0 };
}

/** The stack of `hashPassword` in `pbkdf2Sync`, called by the SDK. */
export const HASHING: readonly Frame[] = [
  native('run'),
  inNode('pbkdf2Sync', 'internal/crypto/pbkdf2'),
  at('hashPassword', 'src/passwords.js', 12),
  at('login', 'src/tools.js', 40),
  inPackage('executeToolHandler', '@modelcontextprotocol/sdk/dist/esm/server/mcp.js', 300),
];
/** The stack of a handler that waits for a child process. */
export const CHILD_PROCESS: readonly Frame[] = [
  native('spawn'),
  inNode('spawnSync', 'internal/child_process'),
  inNode('spawnSync', 'child_process'),
  inNode('execFileSync', 'child_process'),
  at('exportInvoices', 'src/tools.js', 61),
];
/** Plain computing. */
export const COMPUTING: readonly Frame[] = [
  at('score', 'src/recommend.js', 8),
  at('recommend', 'src/recommend.js', 20),
];
