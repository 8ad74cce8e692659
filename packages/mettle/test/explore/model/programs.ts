import { appendFile, io, Mutex, readFile, rename, ToolError, writeFile } from './machine.ts';
import type { Operation, Program, World } from './machine.ts';
import type { Model } from './runner.ts';

/*
 * The planted bugs and the correct twins that the method was measured on, as models: each with the windows of its
 * original and no others.
 */

/** B1: the limit is checked before the write, and counted after it. */
export const limitCheck: Model = {
  create: (world) => {
    const users = new Set<string>();
    return {
      tools: {
        *register({ id }) {
          if (users.size >= 10) return 'full';
          yield* appendFile(world, 'audit.log', 'register\n');
          users.add(String(id));
          return 'ok';
        },
        *list() {
          yield io('fs.stat', 'audit.log', () => null);
          return [...users].toSorted();
        },
      },
    };
  },
};

/** B1 mended: one at a time. */
export const mutexedLimit: Model = {
  create: (world) => {
    const { tools } = limitCheck.create(world);
    const lock = new Mutex();
    return {
      tools: {
        ...tools,
        register: (args, lane) => lock.run(tools['register']?.(args, lane) as Program),
      },
    };
  },
};

/** B2: read, wait, write. */
export const counter: Model = {
  create: (world) => ({
    tools: {
      *increment({ by }) {
        const { n } = JSON.parse(yield* readFile(world, 'counter.json', '{"n":0}')) as { n: number };
        yield { op: 'timer', ms: 2 };
        yield* writeFile(world, 'counter.json', JSON.stringify({ n: n + Number(by) }));
        return 'ok';
      },
      *get() {
        return yield* readFile(world, 'counter.json', '0');
      },
    },
  }),
};

/** B2 mended: one at a time. */
export const mutexedCounter: Model = {
  create: (world) => {
    const { tools } = counter.create(world);
    const lock = new Mutex();
    return {
      tools: { ...tools, increment: (args, lane) => lock.run(tools['increment']?.(args, lane) as Program) },
    };
  },
};

/** B3: a reader that is overtaken by a whole write fills the cache with what was there before, for ever. */
export const staleCache: Model = {
  files: { 'k.json': 'old' },
  create: (world) => {
    const cache = new Map<string, string>();
    return {
      tools: {
        *get({ key }) {
          const known = cache.get(String(key));
          if (known !== undefined) return known;
          const value = yield* readFile(world, `${key}.json`, 'none');
          cache.set(String(key), value);
          return value;
        },
        *put({ key, value }) {
          yield io('fs.mkdir', 'tmp', () => null, true);
          const temporary = `tmp/${key}-${value}`;
          yield io('fs.open', temporary, () => world.files.set(temporary, ''), true);
          yield io('fs.write', temporary, () => world.files.set(temporary, String(value)), true);
          yield io('fs.sync', temporary, () => null);
          yield io('fs.close', temporary, () => null);
          yield* rename(world, temporary, `${key}.json`);
          cache.set(String(key), String(value));
          return 'stored';
        },
      },
    };
  },
};

/** B4: looked for, not found, appended. */
export const duplicateInsert: Model = {
  create: (world) => ({
    tools: {
      *create_user({ email }) {
        const all = yield* readFile(world, 'users.csv', '');
        if (all.split('\n').includes(String(email))) return 'exists';
        yield* appendFile(world, 'users.csv', `${email}\n`);
        return 'created';
      },
    },
  }),
};

/** B5: the lock is let go before the write is done, which nobody awaits. */
export const earlyUnlock: Model = {
  create: (world) => {
    const mutex = new Mutex();
    const save = function* (rows: readonly string[]): Program {
      yield* writeFile(world, 'db.json.new', JSON.stringify(rows));
      return yield* rename(world, 'db.json.new', 'db.json');
    };
    return {
      tools: {
        *add({ item }) {
          const critical = function* (): Program {
            const rows = JSON.parse(yield* readFile(world, 'db.json', '[]')) as string[];
            rows.push(String(item));
            yield { op: 'spawn', program: () => save(rows) };
            return 'added';
          };
          return yield* mutex.run(critical());
        },
      },
    };
  },
};

/** B6: the last answer wins, not the last request. */
export const answersOvertake: Model = {
  create: () => {
    let issued = 0;
    let token = 'v0';
    return {
      tools: {
        *refresh() {
          token = (yield io('socket.data', null, () => `v${(issued += 1)}`)) as string;
          return 'refreshed';
        },
        *use() {
          yield io('socket.data', null, () => null);
          return token === `v${issued}` ? 'valid' : 'INVALID';
        },
      },
    };
  },
};

/** B7: letting go of the lock wakes nobody who waits for it. */
export const lostWakeUp: Model = {
  create: (world) => {
    let held = false;
    return {
      tools: {
        *status() {
          if (held) yield { op: 'wait', until: () => false };
          held = true;
          yield io('fs.stat', 'state', () => world.files.has('state'));
          held = false;
          return 'ok';
        },
      },
    };
  },
};

/** B8: two preemptions are needed: offered, accepted, confirmed, and used twice. */
export const pingPong: Model = {
  create: (world) => {
    let [offered, accepted, confirmed] = [false, false, false];
    const tick = (): Operation => io('fs.stat', '.', () => null);
    return {
      tools: {
        *producer() {
          yield tick();
          offered = true;
          yield tick();
          yield tick();
          if (accepted) confirmed = true;
          offered = false;
          yield tick();
          return 'produced';
        },
        *consumer() {
          yield tick();
          if (offered) accepted = true;
          yield tick();
          yield tick();
          if (confirmed) yield* appendFile(world, 'double', 'x');
          accepted = false;
          yield tick();
          return 'consumed';
        },
      },
    };
  },
};

/** C1: B5 with the write inside the lock. */
export const mutex: Model = {
  create: (world) => {
    const lock = new Mutex();
    return {
      tools: {
        *add({ item }) {
          const critical = function* (): Program {
            const rows = JSON.parse(yield* readFile(world, 'db.json', '[]')) as string[];
            rows.push(String(item));
            yield* writeFile(world, 'db.json.new', JSON.stringify(rows));
            yield* rename(world, 'db.json.new', 'db.json');
            return `added #${rows.length}`;
          };
          return yield* lock.run(critical());
        },
        *list() {
          return yield* readFile(world, 'db.json', '[]');
        },
      },
    };
  },
};

/** C2: created with `wx`, which only one can. */
export const exclusiveCreate: Model = {
  create: (world) => ({
    tools: {
      *claim({ name, by }) {
        try {
          yield* writeFile(world, String(name), String(by), 'wx');
        } catch (error) {
          if (error instanceof ToolError) return 'taken';
          throw error;
        }
        yield* appendFile(world, 'log', `${name}\n`);
        return 'claimed';
      },
    },
  }),
};

/** C3: written aside under a name of its own and renamed: the last one wins, whole. */
export const idempotent: Model = {
  create: (world) => {
    let count = 0;
    return {
      tools: {
        *set_status({ id, status }) {
          yield io('fs.mkdir', 'st', () => null, true);
          const temporary = `st/.${id}.${(count += 1)}.tmp`;
          yield* writeFile(world, temporary, JSON.stringify({ id, status }));
          yield* rename(world, temporary, `st/${id}.json`);
          return { id, status };
        },
      },
    };
  },
};

/** C4: ids of the lane's own, and readings of the virtual clock. */
export const volatile: Model = {
  create: (world) => {
    const drawn = new Map<string, number>();
    return {
      tools: {
        *note({ body }, lane) {
          const number = (drawn.get(lane) ?? 0) + 1;
          drawn.set(lane, number);
          const id = `00000000-0000-4000-8000-0000000${lane.codePointAt(0)}${String(number).padStart(3, '0')}`;
          const startedMs = world.nowMs;
          yield { op: 'timer', ms: 3 };
          const at = new Date(1_960_000_000_000 + world.nowMs).toISOString();
          yield* writeFile(world, `${id}.json`, JSON.stringify({ id, body, at }));
          return { id, at, ms: world.nowMs - startedMs };
        },
      },
    };
  },
};

/** C5: a lock that is polled. */
export const pollingLock: Model = {
  create: (world) => ({
    tools: {
      *inc() {
        yield* lockFile(world);
        const n = Number(yield* readFile(world, 'n', '0')) + 1;
        yield* writeFile(world, 'n', String(n));
        yield io('fs.unlink', 'lock', () => world.files.delete('lock'), true);
        return `n=${n}`;
      },
    },
  }),
};

function* lockFile(world: World): Program {
  for (;;) {
    try {
      return yield* writeFile(world, 'lock', '', 'wx');
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      yield { op: 'timer', ms: 10 };
    }
  }
}

/** C6: an answer that tells how many calls are under way, which is right. */
export const gauge: Model = {
  create: (world) => {
    let underWay = 0;
    return {
      tools: {
        *work({ id }) {
          underWay += 1;
          yield* appendFile(world, `done-${id}`, 'x');
          const seen = underWay;
          underWay -= 1;
          return { id, underWay: seen };
        },
      },
    };
  },
};
