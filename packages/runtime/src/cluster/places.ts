import { randomUUID } from 'node:crypto';
import type { PlacesCommands, RedisClient } from './peers.ts';

/*
 * The places of a shared limit, kept in Redis. Two sorted sets for each limit: who holds a place, by when it lapses, and
 * who waits for one, by since when. All times are Redis' own: the clocks of replicas need not agree, and one that stood
 * still between looking at its clock and being heard does no harm. Each script is one step that nothing can come between.
 */

/** Who waits is forgotten after this without a word from anybody. */
const WAITING_MS = 60_000;

/** KEYS: holders, waiting. ARGV: limit, leaseMs, what channels begin with, then what each script says. */
const PRELUDE = `
local holders, waiting = KEYS[1], KEYS[2]
local limit, lease = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('zremrangebyscore', holders, '-inf', now)
local function give(who)
  redis.call('zadd', holders, now + lease, who)
  redis.call('pexpire', holders, lease)
end
local function serve()
  for free = limit - redis.call('zcard', holders), 1, -1 do
    local next = redis.call('zpopmin', waiting)[1]
    if not next then return end
    give(next)
    redis.call('publish', ARGV[3] .. string.match(next, '^[^:]+'), next)
  end
end
`;

/** One asks: those who waited longer first. Asking again is finding what was given, or staying where one is in line. */
const TAKE = `${PRELUDE}
local me = ARGV[4]
serve()
if redis.call('zscore', holders, me) or redis.call('zcard', holders) < limit then
  redis.call('zrem', waiting, me)
  give(me)
  return 1
end
redis.call('zadd', waiting, 'NX', time[1] * 1000000 + time[2], me)
redis.call('pexpire', waiting, ${WAITING_MS})
return 0
`;

/** Some give back what they have, or wait no longer; the next in line gets it. */
const LEAVE = `${PRELUDE}
for at = 4, #ARGV do
  redis.call('zrem', holders, ARGV[at])
  redis.call('zrem', waiting, ARGV[at])
end
serve()
return 1
`;

/**
 * Holders are still there; answers with those whose place lapsed and was given to others. By force ('1'), which is for
 * when Redis comes back: then nobody loses a place, whatever Redis forgot, and nobody gets one until all are counted.
 */
const RENEW = `${PRELUDE}
local lost = {}
for at = 5, #ARGV do
  local who = ARGV[at]
  if ARGV[4] == '1' or redis.call('zscore', holders, who) or redis.call('zcard', holders) < limit then
    give(who)
  else
    table.insert(lost, who)
  end
end
return lost
`;

/** Of one limit. */
export interface PlaceTerms {
  readonly name: string;
  readonly limit: number;
  readonly leaseMs: number;
}

/** Asks for places and gives them back, and hears when one is given to somebody of this process. */
export class Places {
  readonly #client: RedisClient & PlacesCommands;
  readonly #replica: string = randomUUID();
  readonly #channels: string;
  readonly #waiting = new Map<string, () => void>();
  #count = 0;

  private constructor(client: RedisClient, prefix: string) {
    client.defineCommand('mettleTake', { numberOfKeys: 2, lua: TAKE });
    client.defineCommand('mettleLeave', { numberOfKeys: 2, lua: LEAVE });
    client.defineCommand('mettleRenew', { numberOfKeys: 2, lua: RENEW });
    this.#client = client as RedisClient & PlacesCommands;
    this.#channels = `${prefix}:place:`;
  }

  /** Listens on one channel for all limits and locks of this process: names of locks are endless. */
  static open(
    client: RedisClient,
    prefix: string,
    listen: (channel: string, listener: (message: string) => void) => unknown,
  ): Places {
    const places = new Places(client, prefix);
    listen(places.#channels + places.#replica, (id) => places.#waiting.get(id)?.());
    return places;
  }

  /** Tries whether Redis runs our scripts for us; rejects with what it says. */
  async probe(): Promise<void> {
    const terms = { name: `${this.#channels}probe`, limit: 1, leaseMs: 1 };
    const id = this.id();
    await this.take(terms, id);
    await this.renew(terms, [id], true);
    await this.leave(terms, [id]);
  }

  /** A name for one who is going to hold a place. */
  id(): string {
    return `${this.#replica}:${++this.#count}`;
  }

  /** Whether this one has a place now; if not, it waits in line until `leave`. */
  async take(terms: PlaceTerms, id: string): Promise<boolean> {
    return (await this.#client.mettleTake(...this.#about(terms), id)) === 1;
  }

  async leave(terms: PlaceTerms, ids: Iterable<string>): Promise<void> {
    await this.#client.mettleLeave(...this.#about(terms), ...ids);
  }

  /** Answers with those who have lost their place to others; none when by force. */
  async renew(terms: PlaceTerms, ids: Iterable<string>, byForce = false): Promise<readonly string[]> {
    return this.#client.mettleRenew(...this.#about(terms), byForce ? '1' : '0', ...ids);
  }

  /** Calls back when a place is given to this one who waits, until the returned function is called. */
  onGiven(id: string, listener: () => void): () => void {
    this.#waiting.set(id, listener);
    return () => void this.#waiting.delete(id);
  }

  #about({ name, limit, leaseMs }: PlaceTerms): [string, string, number, number, string] {
    // The braces keep both keys on one node of a Redis Cluster.
    return [`{${name}}:holders`, `{${name}}:waiting`, limit, leaseMs, this.#channels];
  }
}
