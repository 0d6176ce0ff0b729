import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type Child, launch, stop } from '../processes.ts';
import { USAGE } from '../rig/wire.ts';
import { type Check, runningTarget, type RunningTarget, type Target } from './target.ts';

const ROOT = join(import.meta.dirname, '../..');
const DRAIN_MS = 20_000;

/** The product with everything on: virtual key, limits, credential, usage made durable. */
export const tollgate: Target = {
  name: 'tollgate',
  hasGrpc: true,
  async start({ rig, core, folder }) {
    const program = join(ROOT, 'bin/tollgate.js');
    if (!existsSync(program)) return 'bin/tollgate.js is not there: run npm run build first';
    const config = join(folder, 'tollgate.yaml');
    writeFileSync(config, configuration(rig.mockPort));
    const env = {
      TOLLGATE_DATA_DIR: folder,
      TOLLGATE_CONFIG: config,
      PORT: '0',
      GRPC_PORT: '0',
      LOG_LEVEL: 'warn',
      NODE_ENV: 'production',
    };
    const child = launch(process.execPath, [program, 'serve'], { core, env, cwd: ROOT });
    const [, port] = await child.printed(/http:\/\/127\.0\.0\.1:(\d+)/, 20_000);
    const [key] = await child.printed(/sk-tg-[0-9A-Za-z]+/, 5000);
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
    };
    const headers = [`authorization: Bearer ${key}`];
    const [, grpcPort] = await child.printed(/gRPC +127\.0\.0\.1:(\d+)/, 5000);
    const token = readFileSync(join(folder, 'admin-secret'), 'utf8').trim();
    const grpc = { port: Number(grpcPort), env: { TOLLGATE_TOKEN: token, TOLLGATE_KEY: key } };
    const started = { name: 'tollgate', version, port: Number(port), headers, grpc };
    const target = runningTarget(started, child);
    target.finish = () => proveBooks(child, target, join(folder, 'tollgate.db'));
    return target;
  },
};

const configuration = (mockPort: number): string => `pools:
  - name: bench
    strategy: round_robin
    credentials:
      - name: mock-1
        provider: openai
        api_key: sk-bench-upstream
        base_url: http://127.0.0.1:${mockPort}/v1
`;

/** A gateway that is fast because it forgets is not fast: every served request must be a row of usage. */
async function proveBooks(
  child: Child,
  target: RunningTarget,
  file: string,
): Promise<readonly Check[]> {
  const code = await stop(child, DRAIN_MS);
  const drained = {
    name: 'tollgate stops gracefully on SIGTERM',
    passed: code === 0,
    detail:
      code === null
        ? `killed after ${DRAIN_MS} ms`
        : `exit code ${code} ${child.errors().slice(-300)}`.trim(),
  };
  return [drained, compareLedger(file, target.served + target.settled)];
}

/** Compares the ledger with what the clients got: as many rows, and the tokens of every one of them. */
function compareLedger(file: string, served: number): Check {
  const name = 'tollgate recorded every request and token it served';
  const expected = {
    records: served,
    input: served * USAGE.prompt_tokens,
    output: served * USAGE.completion_tokens,
  };
  try {
    const database = new Database(file, { readonly: true, fileMustExist: true });
    const found = database.prepare(TOTALS).get() as typeof expected;
    database.close();
    const detail = `${told(found)} in the ledger, ${told(expected)} served`;
    return { name, passed: told(found) === told(expected), detail };
  } catch (error) {
    return { name, passed: false, detail: String(error) };
  }
}

const TOTALS =
  'SELECT count(*) AS records, sum(input) AS input, sum(output) AS output FROM usage_records';

const told = (totals: { records: number; input: number; output: number }): string =>
  `${totals.records} requests with ${totals.input} + ${totals.output} tokens`;
