/** Version of the library, for logs and metrics. */
export const VERSION = '0.1.0';
