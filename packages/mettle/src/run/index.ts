export { detectors } from '../detect/index.ts';
export { readBundle, writeBundle } from './bundle.ts';
export { examine } from './execute.ts';
export type { Examination } from './execute.ts';
export type { Progress } from './progress.ts';
export type { ExaminationRequest } from './request.ts';
export { resultOf } from './result.ts';
