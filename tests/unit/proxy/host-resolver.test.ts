import type { LookupAddress, LookupOptions } from 'node:dns';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'undici';
import { HostResolver } from '../../../src/proxy/host-resolver.ts';
import type { HostResolverParts } from '../../../src/proxy/host-resolver.ts';
import { MovableClock } from '../../support/movable-clock.ts';
import { PATIENCE_MS } from '../../support/patience.ts';

const of4 = (address: string): LookupAddress => ({ address, family: 4 });
const of6 = (address: string): LookupAddress => ({ address, family: 6 });

interface Found {
  address: string | LookupAddress[];
  family: number | undefined;
}

const look = (
  resolver: HostResolver,
  hostname: string,
  options: LookupOptions = { all: true },
): Promise<Found> =>
  new Promise((resolve, reject) => {
    resolver.lookup(hostname, options, (error, address, family) =>
      error === null ? resolve({ address, family }) : reject(error),
    );
  });

/** DNS that answers when told to. */
class SlowDns {
  readonly asked: string[] = [];
  atWork = 0;
  atWorkMax = 0;
  readonly #open: { resolve(found: LookupAddress[]): void; reject(error: Error): void }[] = [];

  readonly resolve = (hostname: string): Promise<LookupAddress[]> => {
    this.asked.push(hostname);
    this.atWork += 1;
    this.atWorkMax = Math.max(this.atWorkMax, this.atWork);
    return new Promise((resolve, reject) => this.#open.push({ resolve, reject }));
  };

  async answer(...found: LookupAddress[]): Promise<void> {
    this.atWork -= 1;
    this.#open.shift()!.resolve(found);
    await turn();
  }

  async fail(code: string): Promise<void> {
    this.atWork -= 1;
    this.#open.shift()!.reject(Object.assign(new Error(code), { code }));
    await turn();
  }
}

const clock = new MovableClock();

const answering = (found: LookupAddress[], options: Partial<HostResolverParts> = {}) =>
  new HostResolver({ clock, resolve: () => Promise.resolve(found), ...options });

describe('an answer', () => {
  const both = [of6('2606:4700::1111'), of4('1.1.1.1')];

  test.each<[string, LookupOptions, Found]>([
    ['every address', { all: true }, { address: both, family: undefined }],
    [
      'every address of a family',
      { all: true, family: 4 },
      { address: [of4('1.1.1.1')], family: undefined },
    ],
    ['the first address', {}, { address: '2606:4700::1111', family: 6 }],
    ['the first of IPv4', { family: 4 }, { address: '1.1.1.1', family: 4 }],
    ['the first of IPv6', { family: 'IPv6' }, { address: '2606:4700::1111', family: 6 }],
    ['of any family', { family: 0, all: false }, { address: '2606:4700::1111', family: 6 }],
  ])('gives %s for %j', async (_name, options, expected) => {
    expect(await look(answering(both), 'api.example.com', options)).toEqual(expected);
  });

  test.each<[string, LookupAddress[], LookupOptions]>([
    ['no address at all', [], { all: true }],
    ['none of the family', [of4('1.1.1.1')], { family: 6 }],
  ])('%s is a name not found', async (_name, found, options) => {
    await expect(look(answering(found), 'api.example.com', options)).rejects.toMatchObject({
      code: 'ENOTFOUND',
    });
  });

  test('never comes before lookup has returned', async () => {
    const resolver = answering([of4('1.1.1.1')]);
    for (const _round of ['asked', 'remembered']) {
      let isBack = false;
      const found = look(resolver, 'api.example.com').then(() => isBack);
      isBack = true;
      expect(await found).toBe(true);
    }
  });

  test('passes the hints of the caller on', async () => {
    const seen: number[] = [];
    const resolver = new HostResolver({
      clock,
      resolve: (_hostname, hints) => {
        seen.push(hints);
        return Promise.resolve([of4('1.1.1.1')]);
      },
    });
    await look(resolver, 'a.example', { all: true, hints: 32 });
    await look(resolver, 'b.example', { all: true });
    expect(seen).toEqual([32, 0]);
  });

  test('comes from the system unless told otherwise', async () => {
    const { address } = await look(new HostResolver({ clock }), 'localhost');
    const known = ['127.0.0.1', '::1'];
    expect(known).toEqual(
      expect.arrayContaining((address as LookupAddress[]).map((one) => one.address)),
    );
  });
});

describe('slow DNS', () => {
  let dns: SlowDns;
  let resolver: HostResolver;

  beforeEach(() => {
    dns = new SlowDns();
    resolver = new HostResolver({ clock, resolve: dns.resolve });
  });

  test('is asked once for a name, by however many calls', async () => {
    const calls = Array.from({ length: 200 }, () => look(resolver, 'api.example.com'));
    await turn();
    await dns.answer(of4('1.1.1.1'));
    for (const { address } of await Promise.all(calls)) expect(address).toEqual([of4('1.1.1.1')]);
    expect(dns.asked).toEqual(['api.example.com']);
  });

  test('is asked for two names at once and no more, the others in turn', async () => {
    const names = ['a.example', 'b.example', 'c.example', 'd.example', 'e.example'];
    const calls = names.map((name) => look(resolver, name));
    await turn();
    expect(dns.asked).toEqual(names.slice(0, 2));
    await dns.answer(of4('1.1.1.1'));
    expect(dns.asked).toEqual(names.slice(0, 3));
    await dns.fail('EAI_AGAIN');
    expect(dns.asked).toEqual(names.slice(0, 4));
    for (let left = 3; left > 0; left -= 1) await dns.answer(of4('1.1.1.1'));
    const ends = await Promise.allSettled(calls);
    expect(ends.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    expect(dns.atWorkMax).toBe(2);
    // Both places are free again.
    const more = ['f.example', 'g.example', 'h.example'].map((name) => look(resolver, name));
    await turn();
    expect(dns.atWork).toBe(2);
    for (const _name of more) await dns.answer(of4('1.1.1.1'));
    await Promise.all(more);
  });

  test('is not asked again within ten seconds of an answer', async () => {
    const first = look(resolver, 'api.example.com');
    await turn();
    await dns.answer(of4('1.1.1.1'));
    await first;
    clock.advance(9_000);
    expect((await look(resolver, 'api.example.com')).address).toEqual([of4('1.1.1.1')]);
    clock.advance(1_000);
    const later = look(resolver, 'api.example.com');
    await turn();
    await dns.answer(of4('1.0.0.1'));
    expect((await later).address).toEqual([of4('1.0.0.1')]);
    expect(dns.asked).toHaveLength(2);
  });

  test.each(['ENOTFOUND', 'EAI_AGAIN'])(
    '%s is told to all who wait and forgotten',
    async (code) => {
      const failing = [look(resolver, 'api.example.com'), look(resolver, 'api.example.com')].map(
        (call) => expect(call).rejects.toMatchObject({ code }),
      );
      await turn();
      await dns.fail(code);
      await Promise.all(failing);
      const next = look(resolver, 'api.example.com');
      await turn();
      await dns.answer(of4('1.1.1.1'));
      expect((await next).address).toEqual([of4('1.1.1.1')]);
      expect(dns.asked).toHaveLength(2);
    },
  );
});

const PRIVATE = of4('10.0.0.5');
const METADATA = of4('169.254.169.254');

describe('where a name may lead', () => {
  test.each([
    ['api.example.com', [of4('1.1.1.1'), of6('2606:4700::1111')], true],
    ['api.example.com', [PRIVATE], false],
    ['api.example.com', [of4('127.0.0.1')], false],
    ['api.example.com', [of4('0.0.0.0')], false],
    ['api.example.com', [of4('100.64.0.1')], false],
    ['api.example.com', [of6('::1')], false],
    ['api.example.com', [of6('::ffff:10.0.0.5')], false],
    ['api.example.com', [of6('fd12::1')], false],
    ['api.example.com', [METADATA], false],
    // One bad address spoils the name: a rebinding attack offers both.
    ['api.example.com', [of4('1.1.1.1'), PRIVATE], false],
    ['API.EXAMPLE.COM', [PRIVATE], false],
    ['api.example.com.', [PRIVATE], false],
    ['local.example', [PRIVATE], false],
    ['notlocal', [PRIVATE], true],
    ['localhost', [of4('127.0.0.1'), of6('::1')], true],
    ['localhost.', [of4('127.0.0.1')], true],
    ['ollama', [PRIVATE], true],
    ['gpu.local', [PRIVATE], true],
    ['gpu.LOCAL.', [PRIVATE], true],
    ['app.localhost', [of4('127.0.0.1')], true],
    ['vllm.corp.internal', [PRIVATE], true],
    ['box.lan', [PRIVATE], true],
    ['box.home.arpa', [PRIVATE], true],
    ['ollama.default.svc.cluster.local', [of4('10.96.0.7')], true],
    // Nobody needs to name these.
    ['metadata', [METADATA], false],
    ['metadata.google.internal', [METADATA], false],
    ['metadata.google.internal', [of6('fd20:ce::254')], false],
    ['gpu.local', [of6('fe80::1')], false],
    ['localhost', [of6('::ffff:169.254.169.254')], false],
  ])('%s to %j: %s', async (hostname, found, isAllowed) => {
    const call = look(answering(found), hostname);
    if (isAllowed) expect((await call).address).toEqual(found);
    else await expect(call).rejects.toMatchObject({ code: 'EPRIVATE' });
  });

  test.each([
    [{ isPrivateAllowed: true }, PRIVATE, true],
    [{ isPrivateAllowed: true }, METADATA, false],
    [{ isLinkLocalAllowed: true }, METADATA, true],
    [{ isLinkLocalAllowed: true }, PRIVATE, false],
  ])('with %j a public name to %j: %s', async (options, found, isAllowed) => {
    const call = look(answering([found], options), 'api.example.com');
    if (isAllowed) expect((await call).address).toEqual([found]);
    else await expect(call).rejects.toMatchObject({ code: 'EPRIVATE' });
  });

  test('is judged anew with each lookup', async () => {
    const answers = [[of4('1.1.1.1')], [METADATA]];
    const resolver = new HostResolver({
      clock,
      resolve: () => Promise.resolve(answers.shift() ?? []),
    });
    await look(resolver, 'api.example.com');
    clock.advance(10_000);
    await expect(look(resolver, 'api.example.com')).rejects.toThrow(
      'api.example.com resolves to 169.254.169.254',
    );
  });
});

describe('under a real client', () => {
  let server: Server;
  let port: number;
  let served: number;

  beforeAll(async () => {
    server = createServer((_message, response) => {
      served += 1;
      response.end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });

  afterAll(() => new Promise((resolve) => server.close(resolve)));

  beforeEach(() => {
    served = 0;
  });

  async function get(resolver: HostResolver): Promise<string> {
    const connect = { timeout: PATIENCE_MS, lookup: resolver.lookup };
    const client = new Client(`http://api.example.com:${port}`, { connect });
    try {
      const { body } = await client.request({ method: 'GET', path: '/' });
      return await body.text();
    } finally {
      await client.destroy();
    }
  }

  test('a name that leads inside is not connected to', async () => {
    await expect(get(answering([of4('127.0.0.1')]))).rejects.toMatchObject({ code: 'EPRIVATE' });
    expect(served).toBe(0);
  });

  test('a dead IPv6 address does not keep it from a living IPv4 one', async () => {
    const found = [of6('::1'), of4('127.0.0.1')];
    expect(await get(answering(found, { isPrivateAllowed: true }))).toBe('ok');
    expect(served).toBe(1);
  });
});
