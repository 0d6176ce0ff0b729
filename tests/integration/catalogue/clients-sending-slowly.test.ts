import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { rawRequest } from '../../support/raw-request.ts';
import {
  answered,
  closed,
  drip,
  meanwhile,
  play,
  send,
  type Outcome,
  type Step,
} from '../../support/scripted-client.ts';
import {
  chatOf,
  expectRefusal,
  expectServing,
  marks,
  serverOf,
  untilInFlight,
} from './fixture-clients.ts';

// Node looks for what is too slow every two seconds, by a clock of its own. The limits are those of
// the product, until they are made so short that nobody has to wait for them.

/** A byte at a time, until the server has something to say. */
const dripUntilTold: Step = async (client) => {
  while (client.socket.readableLength === 0 && !client.isOver) {
    client.write('x');
    await wait(5);
  }
};

/** Told that it was too slow, once the limits are short, its connection closed; nobody else has noticed. */
async function expectEnded(
  gateway: Gateway,
  playing: Promise<Outcome>,
  shorten: () => void,
): Promise<void> {
  for (let call = 0; call < 10; call += 1) await expectServing(gateway);
  shorten();
  const { answers, ending } = await playing;
  expectRefusal(answers, { status: 408, code: 'request_timeout', param: null });
  expect(answers[0]?.headers.get('connection')).toBe('close');
  expect(ending).toBe('closed');
  expect(await marks(gateway)).toEqual({ arrivals: 10, records: 10 });
}

test('C13: headers that come a byte at a time are ended, and others are served meanwhile', async () => {
  const gateway = await startGateway();
  const server = await serverOf(gateway);
  expect(server.headersTimeout).toBe(10_000);
  const begun = 'POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nx-slow: ';
  const playing = play(gateway.url, send(begun), dripUntilTold, closed());
  await expectEnded(gateway, playing, () => (server.headersTimeout = 500));
});

test('C14: a body that comes a byte at a time is ended, and others are served meanwhile', async () => {
  const gateway = await startGateway();
  const server = await serverOf(gateway);
  expect(server.requestTimeout).toBe(300_000);
  const authorization = `Bearer ${gateway.key}`;
  const headers = { authorization, 'content-type': 'application/json', 'content-length': 10_000 };
  const begun = rawRequest({ headers });
  const playing = play(gateway.url, send(begun), dripUntilTold, closed());
  await expectEnded(gateway, playing, () => {
    // Node takes the longer of the two for the whole request.
    server.headersTimeout = 400;
    server.requestTimeout = 500;
  });
});

test('C14: a body that only takes longer than a head may is served', async () => {
  const gateway = await startGateway();
  const server = await serverOf(gateway);
  const call = chatOf(gateway, { user: 'x'.repeat(1000) });
  const head = call.indexOf('\r\n\r\n') + 4;
  const { answers } = await play(
    gateway.url,
    send(call.subarray(0, head)),
    meanwhile(() => untilInFlight(gateway, 1)),
    meanwhile(() => (server.headersTimeout = 200)),
    drip(call.subarray(head), { size: 5, ms: 12 }),
    answered(),
  );
  expect(answers.map(({ status }) => status)).toEqual([200]);
});
