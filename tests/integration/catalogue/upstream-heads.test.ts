import { expect, test } from '@jest/globals';
import { MovableClock } from '../../support/movable-clock.ts';
import { rawChat, rawClient, readSocket, until } from '../proxy/fixture.ts';
import { expectStory, prove, sentThen, startsAnew } from './fixture.ts';
import type { Row, Story } from './fixture.ts';
import { MODEL, arrivalsAt, ask, connectionEnds, startScene } from './scene.ts';
import type { Scene } from './scene.ts';

const SERVED = { told: 'served', verdicts: ['served'] } as const satisfies Story;

/** Nobody was asked on behalf of the call but the first origin, by whatever name. */
const asksNobodyElse = ({ good }: Scene) => expect(arrivalsAt(good)).toEqual([]);

const METADATA = 'http://169.254.169.254/latest/';

test.each<Row>(
  [
    ...[301, 302, 303, 307, 308].map((code) => ({
      name: `U37: a ${code} to where the next credential lives is not followed`,
      fault: ({ good }: Scene) =>
        `redirect;code=${code};location=${encodeURIComponent(`${good.url}/v1/chat/completions`)}`,
    })),
    {
      name: 'U37: a 307 to the metadata of the machine is not followed',
      fault: `redirect;code=307;location=${encodeURIComponent(METADATA)}`,
    },
  ].map((row): Row => ({
    ...row,
    told: [502, 'upstream_error'],
    verdicts: ['redirect'],
    ejected: 'model',
    after: asksNobodyElse,
  })),
)('$name', prove);

test.each<Row>(
  [
    ['a 204', 'empty-204;code=204'],
    ['a 205', 'empty-204;code=205'],
    ['a 304', 'empty-204;code=304'],
    ['a 200 without a body', 'status;code=200;body=empty'],
  ].map(([name = '', fault = '']) => ({
    name: `U41: ${name}: 502 empty_response, nothing charged, nobody blamed`,
    fault,
    told: [502, 'empty_response'],
    verdicts: ['empty'],
    after: asksNobodyElse,
  })),
)('$name', prove);

/** All that an answer may carry. */
const KNOWN_HEADERS = new Set([
  'connection',
  'keep-alive',
  'date',
  'content-type',
  'content-length',
  'openai-processing-ms',
  'openai-version',
  'x-request-id',
  'x-upstream-request-id',
  // Ours, of a key without limits.
  'x-ratelimit-limit-rpm',
  'x-ratelimit-limit-tpm',
  'x-ratelimit-remaining-rpm',
  'x-ratelimit-remaining-tpm',
  'x-tollgate-cost',
]);

const onlyKnownHeaders = (_scene: Scene, { headers }: Response): void => {
  expect([...headers.keys()].filter((name) => !KNOWN_HEADERS.has(name))).toEqual([]);
  expect(headers.get('x-upstream-request-id')).toMatch(/^req_sandbox_\d+$/);
};

const headerLine = (line: string): string => `raw-header;line=${encodeURIComponent(line)}`;

test.each<Row>([
  {
    ...SERVED,
    name: 'U49: cookies and other headers of the upstream stay behind',
    fault: 'set-cookie|header;name=server;value=secret-server|header;name=openai-organization',
    after: onlyKnownHeaders,
  },
  {
    ...SERVED,
    name: 'U50: a header that is not ASCII is dropped',
    fault: headerLine('openai-model: caf\u00e9'),
    after: onlyKnownHeaders,
  },
  ...sentThen('lost').map((story) => ({
    ...story,
    name: `U50: a CR in a header: ${story.name}`,
    fault: headerLine('openai-model: a\rset-cookie: b=1'),
  })),
  ...sentThen('lost').map((story) => ({
    ...story,
    name: `U50: a folded header: ${story.name}`,
    fault: headerLine('openai-model: a\r\n set-cookie: b=1'),
  })),
])('$name', prove);

/** More than any socket takes unread. */
const HUGE = 'x'.repeat(8 * 1024 * 1024);

const hugeChat = ({ gateway }: Scene) =>
  gateway.chat({ messages: [{ role: 'user', content: HUGE }] });

test.each<[string, string, Story]>([
  [
    'U51: a 413 before the body was read goes back to the client',
    'early-status;code=413;error-code=too_long',
    { told: { handedBack: 413 }, verdicts: ['client_error'] },
  ],
  [
    'U51: a 401 before the body was read: the next credential gets all of it',
    'early-status;code=401',
    {
      told: 'served',
      verdicts: ['unauthorized', 'served'],
      held: [['forbidden', MODEL, 30_000]],
      events: ['credential_health.suspect', 'credential_health.active'],
    },
  ],
])('%s', async (_name, fault, story) => {
  await using scene = await startScene();
  scene.bad.faults.set('cred-1', fault);
  await expectStory(scene, await hugeChat(scene), story);
  await startsAnew(scene);
});

test('U51: a 413 in the middle of an upload: nothing more is sent, and the client is told at once', async () => {
  await using scene = await startScene();
  scene.bad.faults.set('cred-1', 'early-status;code=413;error-code=too_long', {
    path: '/v1/files',
  });
  const socket = rawClient(scene.gateway, {
    path: '/v1/files',
    headers: {
      'content-type': 'multipart/form-data; boundary=b',
      'content-length': 100_000_000,
    },
  });
  socket.write(HUGE.slice(0, 100_000));
  const answer = await readSocket(socket, (text) => text.includes('too_long'));
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  const id = /x-request-id: (\S+)/i.exec(answer)?.[1];
  expect(await scene.gateway.records()).toMatchObject([
    { id, status: 413, outcome: 'voided', reason: 'upstream_413', costNano: 0n },
  ]);
  await startsAnew(scene);
});

test('U52: an answer to nothing, behind another: no call gets it', async () => {
  const clock = new MovableClock();
  await using scene = await startScene({ clock });
  scene.bad.faults.set('cred-1', 'late-second-response;ms=600000', { times: 1 });
  await expectStory(scene, await ask(scene), SERVED);
  await connectionEnds(() => clock.advance(600_000));
  await startsAnew(scene);
});

test('U53: trailers of the upstream are not handed on', async () => {
  await using scene = await startScene();
  scene.bad.faults.set('cred-1', 'trailers');
  const answer = await readSocket(rawChat(scene.gateway), (text) => text.endsWith('}'));
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer.toLowerCase()).not.toContain('trailer');
  await until(async () => (await scene.gateway.records()).length === 1);
});
