export type { AllowedTarget } from './allowed-targets.ts';
export { serveOnHttp, serveOnStdio } from './serve.ts';
export type { ServerOptions } from './server.ts';
