import { describe, expect, test } from '@jest/globals';
import { Lease } from '../../../src/pool/lease.ts';
import { NOW, aHealthPolicy, aMember, aNeed, aService, end, theFacts } from './fixture.ts';

const LIMITED = { rpm: 2, tpm: 100 };

test('says who serves, how, and since when', () => {
  const member = aMember('a');
  const served = aService({ upstream: 'theirs' });
  const lease = new Lease(member, aNeed({ served, monotonicMs: 77 }));
  expect(lease).toMatchObject({ startedAtMs: NOW, startedMs: 77 });
  expect([lease.member, lease.served]).toEqual([member, served]);
});

test('takes a slot and the tokens, and gives neither back by ending', () => {
  const member = aMember('a', { limits: LIMITED });
  const lease = new Lease(member, aNeed({ tokens: 60 }));
  expect(member.usage.waitMs(LIMITED, 50, 0)).toBe(60_000);
  end(lease);
  expect(member.usage.waitMs(LIMITED, 50, 0)).toBe(60_000);
});

test('is settled with the tokens really used, also after it has ended', () => {
  const member = aMember('a', { limits: LIMITED });
  const lease = new Lease(member, aNeed({ tokens: 60 }));
  lease.settle(10, 1000);
  expect(member.usage.waitMs(LIMITED, 90, 1000)).toBe(0);
  end(lease);
  lease.settle(100, 2000);
  expect(member.usage.waitMs(LIMITED, 1, 2000)).toBe(58_000);
});

test('without a limit of tokens there is nothing to settle', () => {
  const member = aMember('a', { limits: { rpm: 2, tpm: null } });
  new Lease(member, aNeed({ tokens: 60 })).settle(1000, 0);
  expect(member.usage.waitMs({ rpm: null, tpm: 10 }, 10, 0)).toBe(0);
});

test('counts as a call under way until it ends, once', () => {
  const member = aMember('a');
  const [first, second] = [new Lease(member, aNeed()), new Lease(member, aNeed())];
  expect(member.inFlight).toBe(2);
  end(first);
  end(first);
  expect(member.inFlight).toBe(1);
  end(second);
  expect(member.inFlight).toBe(0);
});

describe('on trial', () => {
  const OVER = NOW + 300_000;

  function onTrial() {
    const member = aMember('a');
    const facts = theFacts({ status: 402 });
    member.health.apply({ kind: 'exhausted' }, facts, aHealthPolicy(), false);
    const policy = { failures: 1, ms: 1000, maxMs: 1000 };
    member.originHealth.failed(facts, false, policy);
    const reasons = () =>
      [member.health, member.originHealth].map((each) => each.exclusion('m', OVER)?.reason ?? null);
    return { member, reasons };
  }

  test('holds both trials, of the credential and of its origin, until it ends', () => {
    const { member, reasons } = onTrial();
    expect(reasons()).toEqual([null, null]);
    const lease = new Lease(member, aNeed({ nowMs: OVER }));
    expect(reasons()).toEqual(['on_trial', 'on_trial']);
    end(lease);
    expect(reasons()).toEqual([null, null]);
  });

  test('one that ends twice takes no trial from who has it by then', () => {
    const { member, reasons } = onTrial();
    const first = new Lease(member, aNeed({ nowMs: OVER }));
    end(first);
    const second = new Lease(member, aNeed({ nowMs: OVER }));
    end(first);
    expect(reasons()).toEqual(['on_trial', 'on_trial']);
    end(second);
    expect(reasons()).toEqual([null, null]);
  });
});
