import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { ADMIN, SYSTEM } from '../../../src/services/actor.ts';
import { eventStream } from '../../support/event-stream.ts';
import { startGateway } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import { adminToken } from '../../support/live-client.ts';
import { until } from '../../support/patience.ts';

const EVENTS =
  'subscription Tail($after: SafeInt) { events(after: $after, types: ["test.*"]) { seq } }';
const draft = { type: 'test.happened', subject: 's', actor: 'system' };

test('each event once, in order, and the rest after the last when it comes back', async () => {
  const gateway = await startGateway();
  const { events } = gateway.space;
  await events.record([draft, draft]);
  const stream = await eventStream(gateway, { query: EVENTS, variables: { after: 0 } });
  expect(stream.status).toBe(200);
  expect(Object.fromEntries(stream.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-request-id': expect.any(String),
  });
  const seen = [await stream.next(), await stream.next()];
  await events.record([draft]);
  const last = await stream.next();
  seen.push(last);
  await stream.leave();
  await events.record([draft, draft]);
  const after = last?.data.data.events.seq;
  const again = await eventStream(gateway, { query: EVENTS, variables: { after } });
  seen.push(await again.next(), await again.next());
  await again.leave();
  const rows = await gateway.events('test.happened');
  expect(seen).toEqual(
    rows.map(({ seq }) => ({ event: 'next', data: { data: { events: { seq } } } })),
  );
});

test('a query is one event and the end of it, and so is what is wrong with a document', async () => {
  const gateway = await startGateway();
  const query = await eventStream(gateway, { query: '{ me { name } }' });
  expect(await query.next()).toEqual({ event: 'next', data: { data: { me: { name: 'admin' } } } });
  expect(await query.next()).toEqual({ event: 'complete', data: null });
  expect(await query.next()).toBeNull();
  for (const [document, code] of [
    ['{', 'GRAPHQL_PARSE_FAILED'],
    ['subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription { events(after: 1000000) { seq } }', 'INVALID_REQUEST'],
  ]) {
    const wrong = await eventStream(gateway, { query: document });
    expect(wrong.status).toBe(200);
    expect(await wrong.next()).toMatchObject({
      event: 'next',
      data: { errors: [{ extensions: { code } }] },
    });
    expect(await wrong.next()).toEqual({ event: 'complete', data: null });
  }
});

test('who is nobody, or asks for nothing, is answered as ever', async () => {
  const gateway = await startGateway();
  const nobody = await eventStream(gateway, { query: EVENTS }, { token: 'nobody' });
  expect(nobody.status).toBe(401);
  for (const body of [
    {},
    { query: 1 },
    { query: EVENTS, variables: [] },
    { query: EVENTS, operationName: 1 },
  ]) {
    expect((await eventStream(gateway, body)).status).toBe(400);
  }
});

test('who takes JSON too has queries in JSON and subscriptions in events', async () => {
  const gateway = await startGateway();
  const accept = 'application/graphql-response+json, application/json, text/event-stream';
  const { data, headers } = await graphqlClient(gateway).ask('{ me { name } }', {}, { accept });
  expect(data).toEqual({ me: { name: 'admin' } });
  expect(headers.get('content-type')).toMatch('json');
  const stream = await eventStream(
    gateway,
    { query: 'subscription { liveStats { inFlight } }' },
    { accept },
  );
  expect(stream.headers.get('content-type')).toMatch('text/event-stream');
  expect(await stream.next()).toMatchObject({ event: 'next' });
  await stream.leave();
  const refused = await graphqlClient(gateway).ask('subscription { liveStats { inFlight } }');
  expect(refused.status).toBe(400);
});

test('a comment every fifteen seconds keeps it open', async () => {
  const gateway = await startGateway();
  const stream = await eventStream(gateway, { query: 'subscription { events { seq } }' });
  const next = stream.next();
  for (let nth = 2; nth <= 4; nth += 1) {
    gateway.clock.advance(15_000);
    await until(() => stream.comments.length === nth);
  }
  await gateway.space.keys.create(SYSTEM, { name: 'x' });
  expect(await next).toMatchObject({ event: 'next' });
  await stream.leave();
});

test('it ends with the token it was opened by, and with the server, and says which', async () => {
  const gateway = await startGateway();
  const { secret, token } = await gateway.space.tokens.create(ADMIN, {
    name: 'short',
    role: 'viewer',
  });
  const query = 'subscription { events(types: ["test.*"]) { seq } }';
  const revoked = await eventStream(gateway, { query }, { token: secret });
  const kept = await eventStream(gateway, { query });
  const over = revoked.next();
  await gateway.space.tokens.revoke(ADMIN, token.id);
  expect(await over).toBeNull();
  expect(revoked.comments.at(-1)).toMatch('4403');
  const stopped = kept.next().catch(() => null);
  await gateway.app.close(0);
  expect(await stopped).toBeNull();
});

test('for who stops reading nothing more is made, and in the end it is cut', async () => {
  const gateway = await startGateway();
  const big = { ...draft, after: { text: 'x'.repeat(60_000) } };
  for (let nth = 0; nth < 6; nth += 1)
    await gateway.space.events.record(Array.from({ length: 10 }, () => big));
  const fields = Array.from({ length: 10 }, (_, index) => `a${index}: after`).join(' ');
  const body = JSON.stringify({
    query: `subscription { events(after: 0, types: ["test.*"]) { seq ${fields} } }`,
  });
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(
    `POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${adminToken(gateway)}\r\naccept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  // It has what the kernel takes of these thirty-six megabytes, then nothing moves.
  for (let second = 0; second < 17; second += 1) {
    for (let nth = 0; nth < 100; nth += 1) await turn();
    gateway.clock.advance(1000);
  }
  const text: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => text.push(bytes));
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
  expect(Buffer.concat(text).length).toBeLessThan(25_000_000);
  expect(Buffer.concat(text).toString('latin1')).not.toContain('event: complete');
});
