export type { AllowedTarget } from './allowed-targets.ts';
export { serveOnHttp, serveOnStdio } from './serve.ts';
