import { availableParallelism } from 'node:os';
import type { Placement } from '../../evidence/index.ts';
import { allowedCores, keepTo, processesOf } from '../../session/index.ts';

/** Driver and target on cores of their own. */
export interface Placed {
  readonly placement: Placement;
  /** Lets the driver go everywhere again. */
  release(): void;
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
