import type { Config } from './config/load.ts';
import { isLoopbackHost } from './config/loopback.ts';

/** Whether only programs of this machine can connect. */
export const isLoopback = ({ host }: Pick<Config, 'host'>): boolean => isLoopbackHost(host);

/** Whether `/lb/*` answers everybody who can connect. */
export const isLbOpen = (config: Pick<Config, 'host' | 'lbEndpointsAuth'>): boolean =>
  config.lbEndpointsAuth === 'auto' ? isLoopback(config) : config.lbEndpointsAuth === 'open';

/** As a URL has it. */
export const addressOf = (host: string, port: number): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
