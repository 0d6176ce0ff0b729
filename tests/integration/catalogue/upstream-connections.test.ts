import type { LookupAddress } from 'node:dns';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Resolve } from '../../../src/proxy/host-resolver.ts';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import { MovableClock } from '../../support/movable-clock.ts';
import {
  TLS_ALERT,
  fullOrigin,
  refusingOrigin,
  resettingOrigin,
  sayingOrigin,
  silentOrigin,
  tlsOrigin,
} from '../../support/odd-origins.ts';
import type { CertificateKind, OddOrigin } from '../../support/odd-origins.ts';
import { until, verdictsOf } from '../proxy/fixture.ts';
import { prove, sentThen, startsAnew } from './fixture.ts';
import type { Row } from './fixture.ts';
import { arrivalsAt, ask, connectionEnds, memberOf, startScene } from './scene.ts';
import type { Scene } from './scene.ts';

/** Nothing was sent: the next credential serves, and the origin rests for all models. */
const UNREACHED = {
  told: 'served',
  verdicts: ['connect_failed', 'served'],
  ejected: 'whole',
  unseen: 1,
} as const satisfies Partial<Row>;

const CONNECT_MS = 5000;

/** The time to connect passes: not a second earlier. */
async function connectTimePasses(scene: Scene): Promise<void> {
  const { clock } = scene.gateway;
  const member = memberOf(scene, 1);
  const beganMs = clock.monotonic();
  await until(() => member.inFlight === 1);
  clock.advance(CONNECT_MS - 1000);
  await turn();
  // Real time passes as well, on a busy machine perhaps all that was left.
  const isEarly = clock.monotonic() < beganMs + CONNECT_MS;
  if (isEarly) expect(member.inFlight).toBe(1);
  clock.advance(1000);
}

const nothingWasRead = ({ origin }: Scene) => {
  expect(origin?.bytesRead).toBe(0);
};

const unreached = (
  name: string,
  origin: (bad: Sandbox) => Promise<OddOrigin>,
  rest: Partial<Row> = {},
): Row => ({ ...UNREACHED, name, scene: { origin }, after: nothingWasRead, ...rest });

const isSlow = { meanwhile: connectTimePasses };
const PLAIN = 'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n';

const unreachable: Row[] = [
  unreached('U01: nobody listens', refusingOrigin),
  unreached('U02: connecting neither succeeds nor fails', fullOrigin, isSlow),
  unreached('U09: a TLS handshake that stalls', () => silentOrigin('https'), isSlow),
  unreached('U10: plain HTTP on a port for TLS', () => sayingOrigin(PLAIN, 'https'), {
    // What was said is the beginning of a handshake, not of a request.
    after: ({ origin }) => expect(origin?.connections).toBe(1),
  }),
  unreached('U11: accepted and reset at once', resettingOrigin),
  unreached('U15: a full queue of connections', fullOrigin, isSlow),
];

test.each(unreachable)('$name: the next credential serves', prove);

test.each<CertificateKind>(['expired', 'wrong-host', 'self-signed'])(
  'U08: a certificate that is %s: no byte of a request goes there',
  (kind) =>
    prove(
      unreached('U08', ({ url }) => tlsOrigin(kind, url), {
        after: (scene) => {
          nothingWasRead(scene);
          expect(scene.origin?.connections).toBe(1);
        },
      }),
    ),
);

test('U08: a certificate that is valid: the call is served behind TLS', () =>
  prove({
    told: 'served',
    verdicts: ['served'],
    scene: { origin: ({ url }) => tlsOrigin('valid', url) },
    after: ({ origin }) => expect(origin?.bytesRead).toBeGreaterThan(0),
  }));

/** A name that DNS knows only what `resolve` says of. */
const named =
  (hostname: string) =>
  ({ url }: Sandbox): string =>
    `http://${hostname}:${new URL(url).port}/v1`;

const failing =
  (code: string): Resolve =>
  () =>
    Promise.reject(Object.assign(new Error(code), { code }));

const leadingTo =
  (...found: LookupAddress[]): Resolve =>
  () =>
    Promise.resolve(found);

const never: Resolve = () => new Promise(() => undefined);

test.each<Row>([
  {
    ...UNREACHED,
    name: 'U03: a name that does not exist',
    scene: { baseUrl: named('gone.example.com'), resolve: failing('ENOTFOUND') },
  },
  {
    ...UNREACHED,
    name: 'U04: a name server that fails',
    scene: { baseUrl: named('api.example.com'), resolve: failing('EAI_AGAIN') },
  },
  {
    ...UNREACHED,
    name: 'U05: a name server that is slow',
    scene: { baseUrl: named('api.example.com'), resolve: never },
    ...isSlow,
  },
  {
    ...UNREACHED,
    name: 'U06: a public name that leads to a private address',
    scene: {
      baseUrl: named('api.example.com'),
      resolve: leadingTo({ address: '127.0.0.1', family: 4 }),
    },
    after: ({ gateway }) => {
      const alerts = gateway.logs().match(/.*upstream address refused.*/g) ?? [];
      expect(alerts).toHaveLength(1);
      expect(alerts[0]).toContain('api.example.com resolves to 127.0.0.1');
    },
  },
])('$name: the next credential serves', prove);

test('U05: however many calls wait for a slow name, one thread looks it up', async () => {
  const asked: string[] = [];
  const resolve: Resolve = (hostname) => {
    asked.push(hostname);
    return never(hostname, 0);
  };
  await using scene = await startScene({ resolve, baseUrl: named('api.example.com') });
  const calls = [ask(scene), ask(scene), ask(scene)];
  await until(() => memberOf(scene, 1).inFlight === calls.length);
  scene.gateway.clock.advance(CONNECT_MS);
  for (const response of await Promise.all(calls)) {
    expect([response.status, (await response.arrayBuffer()).byteLength > 0]).toEqual([200, true]);
  }
  expect(asked).toEqual(['api.example.com']);
  expect((await scene.gateway.records()).map(verdictsOf)).toEqual(
    calls.map(() => UNREACHED.verdicts),
  );
});

test('U07: a dead IPv6 address before a living IPv4 one: served', () =>
  prove({
    told: 'served',
    verdicts: ['served'],
    scene: {
      baseUrl: named('upstream.localhost'),
      resolve: leadingTo({ address: '::1', family: 6 }, { address: '127.0.0.1', family: 4 }),
    },
    after: ({ good }) => expect(arrivalsAt(good)).toEqual([]),
  }));

const lost = (name: string, rest: Partial<Row>): Row[] =>
  sentThen('lost').map((story) => ({ ...story, ...rest, name: `${name}: ${story.name}` }));

test.each<Row>([
  ...lost('U10: TLS on a port for plain HTTP', {
    scene: { origin: () => sayingOrigin(TLS_ALERT) },
    unseen: 1,
  }),
  ...lost('U12: closed before the head', { fault: 'close-before-head', after: startsAnew }),
  ...lost('U12: reset before the head', {
    fault: 'close-before-head;mode=rst',
    after: startsAnew,
  }),
])('$name', prove);

/** The first call leaves a connection behind, which the next one is given. */
async function leaveConnection(scene: Scene): Promise<void> {
  const response = await ask(scene);
  expect([response.status, arrivalsAt(scene.bad).length]).toEqual([200, 1]);
  await response.arrayBuffer();
}

/** `connection/ordinal` of each request that the first origin saw. */
const placesAt = ({ bad }: Scene): string[] => {
  const first = arrivalsAt(bad)[0]?.connection ?? 0;
  return arrivalsAt(bad).map(({ connection, ordinal }) => `${connection - first}/${ordinal}`);
};

const seenAs =
  (...places: string[]) =>
  (scene: Scene): void => {
    expect(placesAt(scene)).toEqual(places);
  };

/** The same credential once more: nobody is at fault. */
const again = (row: Pick<Row, 'name' | 'fault' | 'times' | 'from' | 'unseen' | 'after'>): Row => ({
  ...row,
  told: 'served',
  verdicts: ['stale_connection', 'served'],
  before: leaveConnection,
});

test.each<Row>(
  ['fin', 'rst'].flatMap((mode) => [
    again({
      name: `U13: a kept connection closed (${mode}) under the request`,
      fault: `close-before-head;mode=${mode}`,
      from: 2,
      after: seenAs('0/1', '0/2', '1/1'),
    }),
    again({
      name: `U14: a kept connection closed (${mode}) as the request set out`,
      fault: `close-at-reuse;mode=${mode}`,
      times: 1,
      unseen: 1,
      after: seenAs('0/1', '1/1'),
    }),
  ]),
)('$name: the same credential serves on a new one, and nobody is blamed', prove);

test('U16: an answer that announces the end of its connection: the next call has a new one', () =>
  prove({
    fault: 'header;name=connection;value=close',
    told: 'served',
    verdicts: ['served'],
    before: leaveConnection,
    after: seenAs('0/1', '1/1'),
  }));

/** By a clock of the origin's own, which is not there yet however long the rest takes. */
const LATER_MS = 600_000;

test('U16: a kept connection that the upstream closes: the next call has a new one', () => {
  const clock = new MovableClock();
  return prove({
    fault: `close-after-reply;ms=${LATER_MS}`,
    told: 'served',
    verdicts: ['served'],
    scene: { clock },
    before: async (scene) => {
      await leaveConnection(scene);
      await connectionEnds(() => clock.advance(LATER_MS));
    },
    after: seenAs('0/1', '1/1'),
  });
});
