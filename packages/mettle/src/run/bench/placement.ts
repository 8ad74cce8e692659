import { availableParallelism, cpus } from 'node:os';
import type { Placement } from '../../evidence/index.ts';
import { allowedCores, keepTo, processesOf } from '../../session/index.ts';

/** Driver and target on cores of their own. */
export interface Placed {
  readonly placement: Placement;
  /** Lets the driver go everywhere again. */
  release(): void;
}

/** How long each core has had nothing to do since the machine was started, in ms. */
export function idleMsOfCores(): readonly number[] {
  return cpus().map(({ times }) => times.idle);
}

/**
 * For calls made one at a time, to two servers in turns: on a machine of two cores all of it is kept to one of them, the one that
 * was idler since `idleBefore`. Driver and server never work at once, and the neighbours that a second core brings
 * scatter the turns far more than a switch of processes costs (decision 14). On more cores the driver is placed apart, so
 * that a server of several threads keeps the others.
 */
export function placeTogether(
  targetPids: readonly number[],
  idleBefore: readonly number[],
): { release(): void } {
  const cores = allowedCores(process.pid);
  if (cores?.length !== 2 || targetPids.length === 0) return placeApart(targetPids, true);
  const idle = idleMsOfCores();
  const idled = (core: number): number => (idle[core] ?? 0) - (idleBefore[core] ?? 0);
  const idlest = cores.toSorted((a, b) => idled(b) - idled(a)).slice(0, 1);
  keepTo([process.pid, ...targetPids.flatMap(processesOf)], idlest);
  return { release: () => void keepTo([process.pid], cores) };
}

/** Gives the driver the last core and the target, where Mettle started it, the others; says what came of it. */
export function placeApart(targetPids: readonly number[], wanted: boolean): Placed {
  const cores = allowedCores(process.pid);
  const count = cores?.length ?? availableParallelism();
  const sharing = (why: string): Placed => ({
    placement: {
      cores: count,
      driverCores: null,
      targetCores: null,
      described: `driver and target shared the machine's cores (${why})`,
    },
    release() {},
  });
  if (!wanted) return sharing('--no-pin');
  if (targetPids.length === 0) return sharing('Mettle did not start the target, so it cannot place it');
  if (cores === null) return sharing('this system does not tell which cores a process may use');
  const driver = cores.slice(-1);
  const target = cores.slice(0, -1);
  if (target.length === 0) return sharing('there is one only');
  if (!keepTo([process.pid], driver)) return sharing('taskset is not there, or refused');
  const release = (): void => void keepTo([process.pid], cores);
  if (!keepTo(targetPids.flatMap(processesOf), target)) {
    release();
    return sharing('taskset could not place the target');
  }
  return {
    placement: {
      cores: count,
      driverCores: driver.join(','),
      targetCores: target.join(','),
      described: `driver on core ${driver.join(',')}, target on ${target.length === 1 ? 'core' : 'cores'} ${target.join(',')}`,
    },
    release,
  };
}
