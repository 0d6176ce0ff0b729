import { connect } from 'node:net';
import { getCACertificates } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'undici';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import {
  fullOrigin,
  refusingOrigin,
  resettingOrigin,
  sayingOrigin,
  silentOrigin,
  TLS_ALERT,
  tlsOrigin,
  type CertificateKind,
  type OddOrigin,
} from '../../support/odd-origins.ts';
import { aSandbox, KEY } from './fixture.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function opened(origin: Promise<OddOrigin>): Promise<OddOrigin> {
  open.push(await origin);
  return origin;
}

/** What a client of the gateway's kind makes of an origin: a status, or the code of its error. */
async function askFor(baseUrl: string): Promise<number | string> {
  const client = new Client(new URL(baseUrl).origin, { connect: { timeout: 60_000 } });
  open.push({ close: () => client.destroy() });
  try {
    const reply = await client.request({
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${KEY}` },
      body: '{}',
    });
    await reply.body.dump();
    return reply.statusCode;
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return code ?? name;
  }
}

interface OriginCase {
  name: string;
  start: () => Promise<OddOrigin>;
  code: string;
  connections: number;
}

const CASES: OriginCase[] = [
  { name: 'nobody listens', start: refusingOrigin, code: 'ECONNREFUSED', connections: 0 },
  { name: 'a reset at once', start: resettingOrigin, code: 'ECONNRESET', connections: 1 },
  {
    name: 'plain HTTP where TLS was expected',
    start: () => sayingOrigin('HTTP/1.1 400 Bad Request\r\n\r\n', 'https'),
    code: 'ERR_SSL_WRONG_VERSION_NUMBER',
    connections: 1,
  },
  {
    name: 'TLS where HTTP was expected',
    start: () => sayingOrigin(TLS_ALERT),
    code: 'HTTPParserError',
    connections: 1,
  },
];

test.each(CASES)('$name', async ({ start, code, connections }) => {
  const origin = await opened(start());
  expect(await askFor(origin.baseUrl)).toBe(code);
  expect(origin.connections).toBe(connections);
});

test('a full queue neither accepts nor refuses', async () => {
  const full = await opened(fullOrigin());
  const other = await opened(silentOrigin());
  const socket = connect(Number(new URL(full.baseUrl).port), '127.0.0.1');
  const events: string[] = [];
  for (const name of ['connect', 'error', 'close']) socket.on(name, () => events.push(name));
  // On loopback a connection that can be made is made at once: others are, one after the other.
  for (let count = 0; count < 20; count += 1) {
    const beside = connect(Number(new URL(other.baseUrl).port), '127.0.0.1');
    await new Promise((resolve) => beside.once('connect', resolve));
    beside.destroy();
  }
  expect([events, socket.connecting]).toEqual([[], true]);
  socket.destroy();
});

test.each(['http', 'https'] as const)('a black hole on %s hears nothing', async (scheme) => {
  const origin = await opened(silentOrigin(scheme));
  const asked = askFor(origin.baseUrl);
  while (origin.connections === 0) await new Promise((resolve) => setImmediate(resolve));
  await Promise.all(open.splice(1).map((one) => one.close()));
  expect(await asked).toBe('UND_ERR_DESTROYED');
  expect(origin).toMatchObject({ connections: 1, bytesRead: 0 });
});

describe('behind TLS', () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await aSandbox();
    open.push(sandbox);
  });

  test.each<[CertificateKind, number | string]>([
    ['valid', 400],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ])('a certificate that is %s', async (kind, outcome) => {
    const origin = await opened(tlsOrigin(kind, sandbox.url));
    expect(await askFor(origin.baseUrl)).toBe(outcome);
    const isServed = typeof outcome === 'number';
    expect(origin.connections).toBe(1);
    expect(origin.bytesRead > 0).toBe(isServed);
    expect(sandbox.witness.entries.length > 0).toBe(isServed);
  });

  test('is trusted only as long as it is open', async () => {
    const before = getCACertificates('default');
    const origin = await tlsOrigin('valid', sandbox.url);
    const meanwhile = getCACertificates('default');
    await origin.close();
    expect(meanwhile.length).toBe(before.length + 1);
    expect(getCACertificates('default').toSorted()).toEqual(before.toSorted());
  });
});
