export { connectCluster } from './cluster.ts';
export type { Cluster, ClusterOptions, RemotePool } from './contract.ts';
export type { ClusterAlarm } from './connection.ts';
export type { RemoteTask, RemoteTaskOptions } from './jobs.ts';
export type { RateOptions } from './rate.ts';
export type { SharedLimit } from './shared-limit.ts';
