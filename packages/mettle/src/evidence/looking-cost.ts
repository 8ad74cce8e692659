/**
 * What the profiler itself costs on this server: windows of the same calls with the instrument on and off, in turns;
 * main-thread CPU as read from outside. Null figures with the reason where it could not be measured.
 */
export type LookingCost =
  | {
      readonly measured: true;
      /** The cheapest subject that could be called: what is added per call weighs most on it. */
      readonly subject: string;
      /** Windows with the instrument on, each compared with its neighbours without. */
      readonly pairs: number;
      readonly callsPerWindow: number;
      readonly inFlight: number;
      readonly samplingIntervalMs: number;
      /** CPU per call without the instrument, µs. */
      readonly offUs: number;
      /** What a call cost more, µs: median of the pairs, and the interval that holds it in 95 % of cases. */
      readonly addedUs: { readonly median: number; readonly low: number; readonly high: number };
      /** Median of on / off. */
      readonly factor: number;
    }
  | { readonly measured: false; readonly why: string };
