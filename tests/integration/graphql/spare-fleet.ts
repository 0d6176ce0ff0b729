import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect } from '@jest/globals';
import { startSandbox } from '../../../src/sandbox/index.ts';
import type { Sandbox, SandboxCredential } from '../../../src/sandbox/index.ts';
import { canaryFleet, isOwnAsk } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';

/** Accounts at a provider that no configuration names: what operators add by hand. */
export interface SpareFleet {
  sandbox: Sandbox;
  accounts: SandboxCredential[];
  /** What `addCredential` is asked for an account. */
  adding(nth: number, more?: Record<string, unknown>): Record<string, unknown>;
  /** Clients' calls that an account has seen. */
  calls(nth: number): number;
}

const open: Sandbox[] = [];

afterEach(async () => {
  for (const sandbox of open.splice(0)) await sandbox.close();
});

/** To be started before the gateway, whose sockets are counted. */
export async function startSpareFleet(...balances: number[]): Promise<SpareFleet> {
  const accounts = canaryFleet(...balances);
  const sandbox = await startSandbox({ credentials: accounts });
  open.push(sandbox);
  const at = (nth: number) => {
    const account = accounts[nth];
    if (account === undefined) throw new Error('the fleet has no such account');
    return account;
  };
  return {
    sandbox,
    accounts,
    adding: (nth, more = {}) => ({
      pool: 'default',
      name: `spare-${nth}`,
      provider: 'sandbox',
      secret: at(nth).key,
      baseUrl: `${sandbox.url}/v1`,
      ...more,
    }),
    calls: (nth) =>
      sandbox.witness.entries.filter(
        (entry) =>
          entry.kind === 'received' && entry.credential === at(nth).name && !isOwnAsk(entry),
      ).length,
  };
}

/** A client whose questions are expected to go well; it keeps what it was told. */
export function asking(gateway: Gateway, token?: string) {
  const { ask } = graphqlClient(gateway, token === undefined ? {} : { token });
  const answers: string[] = [];
  return {
    answers,
    ask,
    async told(document: string, variables: Record<string, unknown> = {}) {
      const { data, errors } = await ask(document, variables);
      answers.push(JSON.stringify({ data, errors }));
      expect(errors).toEqual([]);
      return data;
    },
    /** The code of what is refused, and the field at fault. */
    async refused(document: string, variables: Record<string, unknown> = {}) {
      const { errors } = await ask(document, variables);
      answers.push(JSON.stringify(errors));
      const [error] = errors;
      return { ...error?.extensions, message: error?.message };
    },
  };
}

/** Secrets may be in no answer, no log, no event, and not in a file but sealed. */
export async function expectKept(
  gateway: Gateway,
  secrets: readonly string[],
  answers: readonly string[],
): Promise<void> {
  const { dataDir } = gateway.space.config;
  const files = await Promise.all(
    (await readdir(dataDir)).map((name) => readFile(join(dataDir, name), 'latin1')),
  );
  const texts = [...answers, gateway.logs(), ...files];
  expect(secrets.filter((secret) => texts.some((text) => text.includes(secret)))).toEqual([]);
}

export const ADD = `mutation Add($input: AddCredentialInput!, $change: String) {
  addCredential(input: $input, clientMutationId: $change) {
    id name provider baseUrl secretHint isEnabled weight priority rpmLimit tpmLimit models source
    isSelected pool { id name } bans { id } live { isUsable state { state } balance inFlight }
  }
}`;
