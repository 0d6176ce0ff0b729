import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type WebSocket from 'ws';
import { seededRandom } from '../../../src/lib/random.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { liveClient } from '../../support/live-client.ts';

const EVENTS = 1000;
const DROPS = 100;
const DOCUMENT =
  'subscription Tail($after: SafeInt!) { events(after: $after, types: ["test.*"]) { seq type subject } }';

interface Told {
  events: { seq: number; subject: string };
}

/** Events come alone and in crowds, with and without a pause between them. */
async function happen({ space }: Gateway, random: () => number): Promise<void> {
  let size = 0;
  for (let count = 0; count < EVENTS; count += size) {
    size = Math.min(EVENTS - count, 1 + Math.floor(random() * random() * 30));
    const drafts = Array.from({ length: size }, (_, index) => ({
      type: 'test.happened',
      subject: `event-${count + index}`,
      actor: 'system',
    }));
    await space.events.record(drafts);
    for (let pause = random() * 20; pause > 1; pause -= 1) await turn();
  }
}

test('a graphql-ws client that is dropped a hundred times while a thousand events happen sees each exactly once, in order', async () => {
  const gateway = await startGateway();
  const random = seededRandom(7);
  let socket: WebSocket | undefined;
  let isOpening = false;
  const client = liveClient(gateway, {
    on: {
      opened: (opened) => {
        socket = opened as WebSocket;
        // Some are lost before anything was asked for.
        if (isOpening) socket.terminate();
      },
    },
  });
  const seen: Told['events'][] = [];
  let drops = 0;

  /** Follows until so many have come, then loses its connection at whatever is being said. */
  const followFor = (count: number) =>
    new Promise<void>((resolve) => {
      isOpening = count === 0;
      let left = count;
      client.subscribe<Told>(
        { query: DOCUMENT, variables: { after: seen.at(-1)?.seq ?? 0 } },
        {
          next({ data }) {
            if (data === null || data === undefined || left === 0) return;
            seen.push(data.events);
            left -= 1;
            if (left === 0) socket?.terminate();
          },
          error: () => resolve(),
          complete: () => resolve(),
        },
      );
    });

  const happening = happen(gateway, random);
  while (drops < DROPS) {
    await followFor(Math.floor(random() * 14));
    drops += 1;
  }
  const stop = followFor(EVENTS - seen.length);
  await happening;
  await stop;

  const rows = await gateway.events('test.happened');
  expect(rows).toHaveLength(EVENTS);
  expect(seen.map(({ seq }) => seq)).toEqual(rows.map(({ seq }) => seq));
  expect(seen.map(({ subject }) => subject)).toEqual(rows.map(({ subject }) => subject));
  await client.dispose();
});
