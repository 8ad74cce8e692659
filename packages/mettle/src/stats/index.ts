export * from './binomial.ts';
export * from './histogram.ts';
export * from './order.ts';
export * from './quantile-interval.ts';
export * from './random.ts';
export * from './trend.ts';
