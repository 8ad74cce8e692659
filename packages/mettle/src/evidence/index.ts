export * from './finding.ts';
export * from './map.ts';
export * from './measurements.ts';
export * from './result.ts';
export * from './subject.ts';
export * from './target.ts';
export * from './redact.ts';
export * from './usage-error.ts';
