import { expect, test } from '@jest/globals';
import type { GatewayError } from '../../../src/errors/gateway-error.ts';
import type { Kind, OpenRpc } from '../../../src/grpc/open-rpc.ts';
import { OpenRpcs } from '../../../src/grpc/open-rpcs.ts';
import { ADMIN } from '../../../src/services/actor.ts';
import type { Actor } from '../../../src/services/actor.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** A call that notes what is done to it. */
class FakeRpc {
  readonly kind: Kind;
  actor: Actor = ADMIN;
  isKnown = true;
  isArriving = false;
  isGone = true;
  checks = 0;
  readonly ended: string[] = [];
  readonly woundUp: string[] = [];

  constructor(kind: Kind) {
    this.kind = kind;
  }

  get isEnded(): boolean {
    return this.ended.length > 0;
  }

  begin(): void {
    this.isGone = false;
  }

  end({ code }: GatewayError): void {
    this.ended.push(code);
  }

  windUp({ code }: GatewayError): void {
    this.woundUp.push(code);
  }

  check(): void {
    this.checks += 1;
  }

  get rpc(): OpenRpc {
    return this as unknown as OpenRpc;
  }
}

function aRoom() {
  const clock = new ManualClock();
  const invalid = new Set<Actor>();
  const listeners = new Set<() => void>();
  const authenticator = {
    isValid: (actor: Actor) => !invalid.has(actor),
    onChange(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const rpcs = new OpenRpcs({ clock, authenticator });
  const enter = (kind: Kind, name = ADMIN.name) => {
    const fake = Object.assign(new FakeRpc(kind), { actor: { ...ADMIN, name } });
    fake.isKnown = kind !== 'health';
    rpcs.enter(fake.rpc);
    return fake;
  };
  return { clock, invalid, listeners, rpcs, enter };
}

const KINDS: [kind: Kind, max: number][] = [
  ['unary', 2000],
  ['watch', 1000],
  ['exchange', 500],
  ['health', 200],
];

test.each(KINDS)('of %s there is room for %s, whatever else is open', (kind, max) => {
  const { rpcs, enter } = aRoom();
  const all = Array.from({ length: max }, (_, nth) => enter(kind, `token:${nth % 4}`));
  const refusal = { code: 'overloaded', retryAfterMs: expect.any(Number) };
  expect(() => enter(kind)).toThrow(expect.objectContaining(refusal));
  for (const [other] of KINDS) if (other !== kind) enter(other);
  enter('probe');
  const seventh = all[7] ?? new FakeRpc(kind);
  rpcs.leave(seventh.rpc);
  // It has left already.
  rpcs.leave(seventh.rpc);
  enter(kind);
  expect(() => enter(kind)).toThrow();
});

test.each(KINDS.filter(([kind]) => kind !== 'health'))(
  'of %s one actor takes a quarter of %s at most',
  (kind, max) => {
    const { rpcs, enter } = aRoom();
    const [first] = Array.from({ length: max / 4 }, () => enter(kind, 'token:one'));
    const refusal = { code: 'overloaded', message: expect.stringContaining('You have') };
    expect(() => enter(kind, 'token:one')).toThrow(expect.objectContaining(refusal));
    enter(kind, 'token:two');
    rpcs.leave((first ?? enter(kind)).rpc);
    enter(kind, 'token:one');
    expect(() => enter(kind, 'token:one')).toThrow();
  },
);

test('a place is free when both its method and its caller are done', () => {
  const { rpcs, enter } = aRoom();
  const watch = enter('watch');
  expect(rpcs.begin(watch.rpc)).toBe(true);
  rpcs.leave(watch.rpc);
  expect(rpcs.streams).toBe(1);
  watch.isGone = true;
  rpcs.leave(watch.rpc);
  expect(rpcs.streams).toBe(0);
});

test('what has ended is not begun, nor what may be here no more', () => {
  const { invalid, rpcs, enter } = aRoom();
  const [ended, revoked] = [enter('unary'), enter('unary')];
  ended.ended.push('draining');
  expect(rpcs.begin(ended.rpc)).toBe(false);
  invalid.add(revoked.actor);
  expect(rpcs.begin(revoked.rpc)).toBe(false);
  expect(revoked.ended).toEqual(['unauthenticated']);
});

test('what is open for long is looked at once a second, as long as anything is', () => {
  const { clock, rpcs, enter } = aRoom();
  const unary = enter('unary');
  clock.advance(5000);
  const streams = [enter('watch'), enter('exchange'), enter('health')];
  expect(rpcs.streams).toBe(3);
  clock.advance(3000);
  expect(streams.map(({ checks }) => checks)).toEqual([3, 3, 3]);
  expect(unary.checks).toBe(0);
  for (const { rpc } of streams) rpcs.leave(rpc);
  clock.advance(5000);
  const late = enter('watch');
  clock.advance(1000);
  expect(late.checks).toBe(1);
});

test('who may be here no more is ended, when told and when time tells', () => {
  const { clock, invalid, listeners, rpcs, enter } = aRoom();
  const gone = enter('watch');
  gone.actor = { ...ADMIN, name: 'token:gone' };
  const stays = enter('watch');
  // Whoever asks for health has never said who they are.
  const nobody = Object.assign(enter('health'), { actor: gone.actor });
  invalid.add(gone.actor);
  for (const listener of listeners) listener();
  expect([gone.ended, stays.ended, nobody.ended]).toEqual([['unauthenticated'], [], []]);
  invalid.add(stays.actor);
  clock.advance(1000);
  expect(stays.ended).toEqual(['unauthenticated']);
  rpcs.close();
  expect(listeners.size).toBe(0);
});

test('at a stop watches end, exchanges come to their end, calls are waited for', async () => {
  const { clock, rpcs, enter } = aRoom();
  const [unary, watch] = [enter('unary'), enter('watch')];
  const silent = Object.assign(enter('unary'), { isArriving: true });
  const [exchange, health] = [enter('exchange'), enter('health')];
  let isDrained = false;
  const drained = rpcs.drain().then(() => (isDrained = true));
  expect([watch.ended, silent.ended]).toEqual([['draining'], ['draining']]);
  expect([exchange.woundUp, exchange.ended]).toEqual([['draining'], []]);
  expect([unary.ended, health.ended]).toEqual([[], []]);
  for (const kind of ['unary', 'watch', 'exchange'] as const) {
    expect(() => enter(kind)).toThrow(expect.objectContaining({ code: 'draining' }));
  }
  enter('health');
  clock.advance(1000);
  expect(exchange.ended).toEqual(['draining']);
  for (const fake of [watch, exchange, silent]) rpcs.leave(fake.rpc);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isDrained).toBe(false);
  rpcs.leave(unary.rpc);
  await drained;
  rpcs.close();
  expect(health.ended).toEqual(['draining']);
});

test('what does not leave is waited for no longer when it is ended', async () => {
  const { rpcs, enter } = aRoom();
  const stuck = [enter('unary'), enter('watch'), enter('exchange')];
  const drained = rpcs.drain();
  rpcs.abort();
  await drained;
  for (const { ended } of stuck) expect(ended).toContain('draining');
});
