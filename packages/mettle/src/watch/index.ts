export { insideRequest } from './probe/inside.ts';
export { probe } from './probe/probe.ts';
export type { ClientCredentials, InsideRequest, ProbeOptions } from './probe/outcome.ts';
export { compareListings } from './probe/tool-listing.ts';
export { readToolList, saveToolList } from './probe/tool-list-file.ts';
export { readWatchConfig } from './config/read-config.ts';
export { servePage } from './page/server.ts';
export { ToldChanges } from './told-changes.ts';
export { Watcher } from './watcher.ts';
