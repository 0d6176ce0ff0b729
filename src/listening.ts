import type { Config } from './config/load.ts';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Whether only programs of this machine can connect. */
export const isLoopback = ({ host }: Pick<Config, 'host'>): boolean => LOOPBACK.has(host);

/** Whether `/lb/*` answers everybody who can connect. */
export const isLbOpen = (config: Pick<Config, 'host' | 'lbEndpointsAuth'>): boolean =>
  config.lbEndpointsAuth === 'auto' ? isLoopback(config) : config.lbEndpointsAuth === 'open';
