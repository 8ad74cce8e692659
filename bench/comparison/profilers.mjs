/** The profilers, pinned: how each starts a server, and how its output is read. */
import { join } from 'node:path';
import { read0x, readDoctor, readFlame } from './readings.mjs';

export const METTLE = { id: 'mettle', title: 'Mettle' };

export const PROFILERS = [
  {
    id: '0x',
    title: '0x 6.0.0',
    spec: '0x@6.0.0',
    command: (folder, file) => [bin(folder, '0x'), '--output-dir', 'out', '--', process.execPath, file],
    read: read0x,
  },
  {
    id: 'doctor',
    title: 'clinic 13.0.0 doctor',
    spec: 'clinic@13.0.0',
    command: (folder, file) => [
      bin(folder, 'clinic'),
      'doctor',
      '--open=false',
      '--dest',
      'out',
      '--',
      process.execPath,
      file,
    ],
    // Without it clinic ends at once, silently, when stdout is no terminal and nobody ever answered its question.
    env: { NO_INSIGHT: '1' },
    read: readDoctor,
  },
  {
    id: 'flame',
    title: '@platformatic/flame 1.7.0',
    spec: '@platformatic/flame@1.7.0',
    command: (folder, file) => [bin(folder, 'flame'), 'run', file],
    read: readFlame,
  },
];

/** Where a package's command is. */
export function bin(folder, name) {
  return join(folder, 'node_modules', '.bin', name);
}
