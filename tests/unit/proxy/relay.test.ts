import { expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import type { Ticket } from '../../../src/accounting/ticket.ts';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import type { Call } from '../../../src/proxy/call.ts';
import { Secret } from '../../../src/lib/secret.ts';
import type { Delivery } from '../../../src/proxy/delivery.ts';
import { chatCompletions } from '../../../src/proxy/endpoints/chat-completions.ts';
import { Exchange } from '../../../src/proxy/exchange.ts';
import { relay } from '../../../src/proxy/relay.ts';

const TIMEOUTS = { connectMs: 5000, firstByteMs: 60_000, idleMs: 60_000, totalMs: 600_000 };

/** A delivery whose upstream and client note what is asked of them. */
function aDelivery(headers: Record<string, string>, durable: Promise<void>) {
  const asked: string[] = [];
  const told: string[] = [];
  const controller = {
    pause: () => undefined,
    resume: () => undefined,
    abort: () => void asked.push('abort'),
  } as unknown as Dispatcher.DispatchController;
  const exchange = new Exchange(TIMEOUTS, systemClock);
  exchange.onRequestStart(controller);
  exchange.onResponseStart(controller, 200, headers);
  const sink = {
    isStarted: false,
    head: (status: number) => void told.push(String(status)),
    write: () => true,
    onDrain: () => undefined,
    end: (bytes?: Buffer) => void told.push(`end ${bytes?.length ?? 0}`),
    destroy: () => void told.push('destroy'),
  };
  const delivery: Delivery = {
    call: { id: 'r1', sink, startedMs: 0 } as unknown as Call,
    exchange,
    endpoint: chatCompletions,
    asked: { model: 'm', fields: {}, bytes: 10 },
    ticket: { durable, firstByteMs: null } as unknown as Ticket,
    hidesUsage: false,
    secret: new Secret('sk-of-the-credential'),
    clock: systemClock,
  };
  return { delivery, exchange, controller, asked, told };
}

const broken = () => {
  const durable = Promise.reject(new GatewayError('storage_unavailable', 'x'));
  durable.catch(() => undefined);
  return durable;
};

const deliver = async (answer: object) => {
  const made = aDelivery({ 'content-type': 'application/json' }, Promise.resolve());
  made.exchange.onResponseData(made.controller, Buffer.from(JSON.stringify(answer)));
  made.exchange.onResponseEnd();
  return await relay(made.delivery);
};

test.each(['text/event-stream', 'audio/mpeg'])(
  'a hold that cannot be written ends the upstream call (%s), and the client gets no byte',
  async (type) => {
    const { delivery, asked, told } = aDelivery({ 'content-type': type }, broken());
    await expect(relay(delivery)).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(asked).toEqual(['abort']);
    expect(told).toEqual([]);
  },
);

test('a hold that cannot be written keeps a whole JSON answer from the client', async () => {
  const { delivery, exchange, controller, told } = aDelivery(
    { 'content-type': 'application/json' },
    broken(),
  );
  exchange.onResponseData(controller, Buffer.from('{"choices":[]}'));
  exchange.onResponseEnd();
  await expect(relay(delivery)).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(told).toEqual([]);
});

test.each(['gzip', 'br', 'gzip, gzip'])('an answer compressed by %s is refused', async (coding) => {
  const headers = { 'content-type': 'application/json', 'content-encoding': coding };
  const { delivery, asked, told } = aDelivery(headers, Promise.resolve());
  await expect(relay(delivery)).rejects.toMatchObject({ code: 'upstream_error' });
  expect(asked).toEqual(['abort']);
  expect(told).toEqual([]);
});

test('a response object that failed is an answer, an error alone is not', async () => {
  const error = { code: 'server_error', message: 'x' };
  expect(await deliver({ object: 'response', error })).toMatchObject({ outcome: 'settled' });
  expect(await deliver({ choices: [], error: null })).toMatchObject({ outcome: 'settled' });
  await expect(deliver({ error })).rejects.toMatchObject({ code: 'upstream_error' });
});
