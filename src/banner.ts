import { resolve } from 'node:path';
import type { Config } from './config/load.ts';
import type { Secrets } from './config/secrets.ts';

const MODEL = 'gpt-4o-mini';

/** What a person needs after a start, and on the first one a call to paste. */
export function printBanner(start: {
  config: Config;
  url: string;
  /** Host and port; null when it is off. */
  grpc: string | null;
  /** Shown once, at the first start. */
  key: string | null;
  /** Null when real upstreams are configured. */
  sandboxUrl: string | null;
  secrets: Secrets;
}): void {
  const { config, url, grpc, key, sandboxUrl, secrets } = start;
  const admin =
    secrets.adminFile === null ? 'from ADMIN_SECRET' : `in ${resolve(secrets.adminFile)}`;
  print();
  print(`  Tollgate is listening on ${url}`);
  print();
  print(`  OpenAI API    ${url}/v1`);
  print(`  GraphQL       ${url}/graphql, in the browser: ${url}/playground`);
  if (grpc !== null) print(`  gRPC          ${grpc}${config.grpcTlsCert ? ' (TLS)' : ''}`);
  print(`  Health        ${url}/health`);
  print(`  Metrics       ${url}/metrics`);
  print(`  Data          ${resolve(config.dataDir)}`);
  print(`  Admin secret  ${admin}`);
  print(
    `  Upstream      ${sandboxUrl === null ? poolNames(config) : `sandbox fleet on ${sandboxUrl} (no provider credential is configured)`}`,
  );
  if (key === null) {
    print();
    print(
      '  Virtual keys are shown once, when they are made: `npx tollgate create-key --name NAME`',
    );
  } else {
    printSamples(url, key);
  }
  print();
  print('  Ctrl-C stops it when the calls under way are done.');
  print();
}

const poolNames = ({ pools }: Config): string =>
  pools
    .map(({ name, credentials }) => `${name} (${credentials.map((one) => one.name).join(', ')})`)
    .join('; ');

function printSamples(url: string, key: string): void {
  print(`  Virtual key   ${key}`);
  print('                shown only now: keep it');
  print();
  print('  Try it with curl:');
  print();
  print(`curl -N ${url}/v1/chat/completions \\`);
  print(`  -H 'Authorization: Bearer ${key}' \\`);
  print(`  -H 'Content-Type: application/json' \\`);
  print(`  -d '{"model":"${MODEL}","stream":true,"messages":[{"role":"user","content":"Hello"}]}'`);
  print();
  print('  or with the OpenAI SDK:');
  print();
  print(`import OpenAI from 'openai';`);
  print(`const client = new OpenAI({ baseURL: '${url}/v1', apiKey: '${key}' });`);
  print(
    `console.log((await client.chat.completions.create({ model: '${MODEL}', messages: [{ role: 'user', content: 'Hello' }] })).choices[0].message.content);`,
  );
}

function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}
