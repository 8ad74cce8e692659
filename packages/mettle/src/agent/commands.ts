import { Blocking } from './blocking.ts';
import type { Answer } from './connection.ts';
import { readCounters } from './counters.ts';
import type { HeapCommands } from './heap-commands.ts';
import type { HeapRequest } from './heap-protocol.ts';
import { closeKeptSessions, MemoryWatch } from './memory-watch.ts';
import { Overlap } from './overlap.ts';
import type { AgentCommand, InstrumentName } from './protocol.ts';
import { readScripts } from './scripts.ts';
import { silently } from './silently.ts';
import type { ControlRequest } from './control-protocol.ts';
import { Vitals } from './vitals.ts';
import { Waiting } from './waiting.ts';

interface Instrument {
  stop(): unknown;
  /** The same without waiting for the event loop, where the instrument can. */
  stopNow?(): unknown;
}

/** Obeys Mettle's commands. One instrument is on at a time: each would measure the other. */
export interface Commands {
  run(command: AgentCommand, answer: Answer): void;
  /** Stops the instrument while the event loop does not turn; its record, null when none is on. */
  stopNow(): unknown;
  /** Mettle is gone: everything off, nothing answered. */
  stopAll(): void;
}

function startInstrument(command: AgentCommand & { readonly do: 'start' }): Instrument {
  switch (command.instrument) {
    case 'blocking':
      return new Blocking(command.options);
    case 'overlap':
      return new Overlap(command.options);
    case 'waiting':
      return new Waiting();
    case 'memory':
      return new MemoryWatch(command.options);
  }
}

/** Nobody wants its record: nothing is measured for it any more. */
function end(instrument: Instrument): void {
  if (instrument.stopNow === undefined) void Promise.resolve(instrument.stop()).catch(() => {});
  else instrument.stopNow();
}

/** Loaded when it is wanted, which in a server in use it seldom is. */
function heapOnDemand(): { answer(request: HeapRequest): Promise<unknown>; stop(): void } {
  let loaded: Promise<HeapCommands> | null = null;
  return {
    answer(request) {
      loaded ??= import('./heap-commands.ts').then(({ HeapCommands }) => new HeapCommands());
      return loaded.then((commands) => commands.answer(request));
    },
    stop() {
      void loaded?.then((commands) => commands.stop()).catch(() => {});
      loaded = null;
    },
  };
}

/** What obeys requests to control the order of events: there only where it was loaded before the target. */
export interface Control {
  control(request: ControlRequest): Promise<unknown>;
  release(): void;
}

function askedOf(control: Control | null): Control {
  if (control === null) throw new Error('the target was not started to be controlled');
  return control;
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function createCommands(control: Control | null = null): Commands {
  let on: { readonly name: InstrumentName; readonly instrument: Instrument } | null = null;

  let vitals: Vitals | null = null;
  const heap = heapOnDemand();

  const obey = (command: AgentCommand): unknown => {
    switch (command.do) {
      case 'start':
        if (on !== null) throw new Error(`the instrument "${on.name}" is on: stop it first`);
        on = { name: command.instrument, instrument: startInstrument(command) };
        return {};
      case 'stop': {
        if (on?.name !== command.instrument)
          throw new Error(`the instrument "${command.instrument}" is not on`);
        const { instrument } = on;
        on = null;
        return instrument.stop();
      }
      case 'counters':
        return readCounters();
      case 'scripts':
        return readScripts(command.wanted);
      case 'vitals': {
        const seen = vitals?.stop() ?? null;
        vitals = command.on ? new Vitals() : null;
        return command.on ? {} : seen;
      }
      case 'heap':
        return heap.answer(command.request);
      case 'control':
        return askedOf(control).control(command.request);
      case 'goodbye':
        return {};
    }
  };

  return {
    run(command, answer) {
      const fail = (error: unknown): void => answer({ error: sentenceOf(error) });
      try {
        Promise.resolve(obey(command)).then((result) => answer({ result }), fail);
      } catch (error) {
        fail(error);
      }
    },
    stopNow() {
      const last = on;
      on = null;
      return last?.instrument.stopNow?.() ?? null;
    },
    stopAll() {
      const last = on;
      on = null;
      silently(() => void vitals?.stop());
      vitals = null;
      heap.stop();
      silently(() => control?.release());
      silently(() => last !== null && end(last.instrument));
      silently(closeKeptSessions);
    },
  };
}
