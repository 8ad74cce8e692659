import { UsageError } from '../evidence/index.ts';
import { openHttp } from './open-http.ts';
import { openModule } from './open-module.ts';
import { openStdio } from './open-stdio.ts';
import type { OpenSession } from './session.ts';

/**
 * Opens a session with any target. Rejects with TargetError (nothing left running), with UsageError (bad spec), or
 * with the signal's reason when that was aborted meanwhile.
 */
export const openSession: OpenSession = async (spec, options = {}) => {
  options.signal?.throwIfAborted();
  switch (spec.kind) {
    case 'stdio':
      return openStdio(spec, options);
    case 'module':
      return openModule(spec, options);
    case 'http':
      if (!URL.canParse(spec.url) || !/^https?:$/.test(new URL(spec.url).protocol))
        throw new UsageError(`${JSON.stringify(spec.url)} is no http:// or https:// URL.`);
      return openHttp(spec, options);
  }
};
