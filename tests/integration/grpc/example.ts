import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '../../support/patience.ts';
import { adminToken } from '../../support/live-client.ts';
import type { KeyGateway } from './key-gateway.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples/grpc');

/** A program of the examples that runs, as whoever copied it would run it. */
export interface Example extends AsyncDisposable {
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves once it has printed that. */
  printed(text: string): Promise<void>;
  /** Resolves with its exit code; null when it was stopped. */
  ended: Promise<number | null>;
}

export interface ExampleSettings {
  env?: Record<string, string>;
  words?: string[];
}

/** Stopped when it is disposed of. */
export function startExample(
  gateway: KeyGateway,
  name: string,
  { env = {}, words = [] }: ExampleSettings = {},
): Example {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [join(EXAMPLES, name), ...words], {
    env: {
      PATH,
      TOLLGATE_GRPC: gateway.app.grpcAddress ?? '',
      TOLLGATE_TOKEN: adminToken(gateway),
      TOLLGATE_KEY: gateway.key,
      ...env,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  const closed = once(child, 'close');
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    async printed(text) {
      await until(() => {
        if (child.exitCode !== null) throw new Error(`it has ended: ${stdout}${stderr}`);
        return stdout.includes(text);
      });
    },
    ended: closed.then(() => child.exitCode),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** Runs one to its end. */
export async function runExample(
  gateway: KeyGateway,
  name: string,
  settings: ExampleSettings = {},
) {
  await using example = startExample(gateway, name, settings);
  const code = await example.ended;
  return { code, stdout: example.stdout(), stderr: example.stderr() };
}
