const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

/** Whether only programs of this machine can connect to the address. */
export const isLoopbackHost = (host: string): boolean => LOOPBACK.has(host);
