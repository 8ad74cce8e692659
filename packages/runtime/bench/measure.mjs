/* What the benches measure with. Paired and interleaved: the machine is never quiet, but it is the same for both. */

/** A transport of MCP over a port of worker_threads. */
export function portTransport(port) {
  const transport = {
    start: async () => {
      port.on('message', (message) => {
        if (message.jsonrpc === '2.0') transport.onmessage?.(message);
      });
    },
    send: async (message) => port.postMessage(message),
    close: async () => transport.onclose?.(),
  };
  return transport;
}

export function percentile(values, at) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(at * sorted.length))];
}

export function median(values) {
  return percentile(values, 0.5);
}

/** Nanoseconds of CPU per call of each contender: rounds interleaved, in turn forwards and backwards. */
export async function interleaved(contenders, { rounds, calls }) {
  const cost = new Map(Object.keys(contenders).map((name) => [name, []]));
  for (const work of Object.values(contenders)) await cpuNs(work, calls);
  for (let round = 0; round < rounds; round++) {
    const order = Object.entries(contenders);
    for (const [name, work] of round % 2 === 0 ? order : order.toReversed())
      cost.get(name).push(await cpuNs(work, calls));
  }
  return cost;
}

async function cpuNs(work, calls) {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call++) await work();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / calls;
}

/** Median of the differences, round by round, to the baseline. */
export function pairedDifference(cost, name, baseline) {
  return median(cost.get(name).map((value, round) => value - cost.get(baseline)[round]));
}

export function table(rows) {
  const columns = Object.keys(rows[0]);
  const width = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => String(row[column]).length)),
  );
  const line = (cells) =>
    cells
      .map((cell, at) => String(cell).padEnd(width[at]))
      .join('  ')
      .trimEnd();
  return [
    line(columns),
    line(width.map((length) => '─'.repeat(length))),
    ...rows.map((row) => line(columns.map((column) => row[column]))),
  ].join('\n');
}

/** Uses a package that is there for comparison only. */
export async function optional(name, use) {
  let loaded;
  try {
    loaded = await import(name);
  } catch {
    console.log(`${name} is not installed: left out`);
    return;
  }
  await use(loaded);
}
