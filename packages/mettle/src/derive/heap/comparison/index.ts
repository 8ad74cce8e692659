export { compareSnapshots } from './compare.ts';
export { surveyOf } from './survey.ts';
export type { HeapSurvey } from './survey.ts';
