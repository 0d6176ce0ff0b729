import { expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { constants } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { framed, rawCall, rawSession } from '../../support/raw-grpc.ts';
import { startFace } from './face.ts';

const PATH = '/tollgate.v1.KeyService/GetKey';

const pinged = (session: ClientHttp2Session) =>
  new Promise<boolean>((resolve) => {
    if (!session.ping((error) => resolve(error === null))) resolve(false);
  });

/** What a server says when it ends a connection. */
const goodbye = (session: ClientHttp2Session) =>
  new Promise<[code: number, reason: string | undefined]>((resolve) => {
    session.on('goaway', (code, _last, reason) => resolve([code, reason?.toString()]));
  });

test('pings in a row end the connection with the reason that gRPC’s clients know', async () => {
  const face = await startFace();
  const session = await rawSession(face.address);
  const ended = goodbye(session);
  let answered = 0;
  while (answered < 10 && (await pinged(session))) answered += 1;
  expect(await ended).toEqual([constants.NGHTTP2_ENHANCE_YOUR_CALM, 'too_many_pings']);
  expect(answered).toBeLessThanOrEqual(4);
  const other = await rawSession(face.address);
  const call = { path: PATH, token: 'admin', body: framed(Buffer.alloc(0)) };
  expect((await rawCall(other, call)).code).toBe(status.OK);
});

test('those of keepalive, and those of clients that are served, are answered', async () => {
  const face = await startFace();
  const session = await rawSession(face.address);
  for (let nth = 0; nth < 10; nth += 1) {
    expect(await pinged(session)).toBe(true);
    face.clock.advance(10_000);
  }
  const call = { path: PATH, token: 'admin', body: framed(Buffer.alloc(0)) };
  for (let nth = 0; nth < 10; nth += 1) {
    expect(await pinged(session)).toBe(true);
    expect((await rawCall(session, call)).code).toBe(status.OK);
  }
});

test('a long answer is more than any number of pings', async () => {
  const face = await startFace({
    methods: {
      KeyService: { GetKey: () => ({ key: { metadataJson: 'x'.repeat(512 * 1024) } }) },
    },
  });
  const session = await rawSession(face.address);
  const call = { path: PATH, token: 'admin', body: framed(Buffer.alloc(0)) };
  const answers = Array.from({ length: 5 }, () => rawCall(session, call));
  // As Go's client does, while pieces come.
  for (let nth = 0; nth < 10; nth += 1) expect(await pinged(session)).toBe(true);
  expect((await Promise.all(answers)).map(({ code }) => code)).toEqual(
    answers.map(() => status.OK),
  );
});
