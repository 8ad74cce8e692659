export { proxyHttp } from './http-proxy.ts';
export { Listener } from './listener.ts';
export { Recorder } from './recorder.ts';
export { RecordingFile } from './recording-file.ts';
export type { Recording } from './recording.ts';
export { createRedaction } from './redaction.ts';
export { startServer } from './started-server.ts';
export { proxyStdio } from './stdio-proxy.ts';
