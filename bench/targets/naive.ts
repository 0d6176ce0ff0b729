import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { launch } from '../processes.ts';
import { CLIENT_AUTHORIZATION, runningTarget, type Target } from './target.ts';

const require = createRequire(import.meta.url);

/** Fastify with @fastify/http-proxy: what one writes in an afternoon. It knows no keys, limits or usage. */
export const naive: Target = {
  name: 'naive',
  async start({ rig, core }) {
    const script = join(import.meta.dirname, 'naive-gateway.ts');
    const env = { UPSTREAM: `http://127.0.0.1:${rig.mockPort}`, NODE_ENV: 'production' };
    const child = launch(process.execPath, [script], { core, env });
    const [, port] = await child.printed(/listening (\d+)/, 10_000);
    const manifest = readFileSync(require.resolve('@fastify/http-proxy/package.json'), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    const headers = [CLIENT_AUTHORIZATION];
    return runningTarget(
      { name: 'naive', version: `@fastify/http-proxy ${version}`, port: Number(port), headers },
      child,
    );
  },
};
