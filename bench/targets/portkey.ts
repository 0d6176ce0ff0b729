import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, launch, untilListening } from '../processes.ts';
import { CLIENT_AUTHORIZATION, runningTarget, type Target } from './target.ts';

const PACKAGE = 'node_modules/@portkey-ai/gateway';

/** A well-known gateway on Node. No dependency of this project: measured when it happens to be installed. */
export const portkey: Target = {
  name: 'portkey',
  async start({ rig, core, peers }) {
    const places = [join(import.meta.dirname, '../..'), ...(peers ? [peers] : [])];
    const root = places.map((place) => join(place, PACKAGE)).find((place) => existsSync(place));
    if (!root)
      return '@portkey-ai/gateway is not installed (npm i --prefix DIR it, then --peers DIR)';
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    const port = await freePort();
    const words = [join(root, 'build/start-server.js'), `--port=${port}`, '--headless'];
    const child = launch(process.execPath, words, { core, env: { NODE_ENV: 'production' } });
    await Promise.race([
      untilListening(port, 15_000),
      child.ended.then(() => Promise.reject(new Error(child.errors().slice(-300)))),
    ]);
    const headers = [
      CLIENT_AUTHORIZATION,
      'x-portkey-provider: openai',
      `x-portkey-custom-host: http://127.0.0.1:${rig.mockPort}/v1`,
    ];
    return runningTarget({ name: 'portkey', version, port, headers }, child);
  },
};
