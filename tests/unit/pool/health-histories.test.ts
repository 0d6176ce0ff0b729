import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { HealthPolicy } from '../../../src/entities/pool-policy.ts';
import type { Effect } from '../../../src/pool/effect.ts';
import { Health } from '../../../src/pool/health.ts';
import { MINUTE_MS, NOW, aHealthPolicy, theFacts } from './fixture.ts';

/**
 * The credential's state machine (trust §9) under histories that nobody thought of, against an
 * oracle that keeps no state but a list of what holds: slow, and too simple to be wrong in the same
 * way.
 */

const MODELS = ['a', 'b'];

type Reason = string | null;

interface Held {
  state: string;
  model: string | null;
  untilMs: number;
  strike: number;
  hasTrial: boolean;
  /** The call that is trying it. */
  triedBy: OpenCall | null;
}

interface OpenBan {
  id: string;
  model: string | null;
  untilMs: number;
  strike: number;
}

interface OpenCall {
  model: string;
  startedAtMs: number;
  claim: string[];
}

const ORDER = [
  ['banned', 'exhausted', 'suspect', 'cooling'],
  ['banned', 'exhausted', 'cooling', 'forbidden'],
];

class Oracle {
  held: Held[] = [];
  bans: OpenBan[] = [];
  #exhaustedBy = '';
  #suspectedMs: number | null = null;

  /** What concerns a call of the model, the strongest first. */
  concerning(model: string): Held[] {
    return [null, model].flatMap((scope, at) =>
      (ORDER[at] ?? []).flatMap((state) => this.#find(state, scope) ?? []),
    );
  }

  reason(model: string, nowMs: number): Reason {
    for (const { state, untilMs, triedBy } of this.concerning(model)) {
      if (untilMs > nowMs) return state;
      if (triedBy !== null) return 'on_trial';
    }
    return null;
  }

  ban(ban: OpenBan): void {
    this.bans.push(ban);
    if (ban.model === null) {
      this.#drop('suspect', null);
      this.#suspectedMs = null;
    }
    this.#rule(ban.model);
  }

  endBan(id: string, nowMs: number, isOnTrial: boolean): void {
    const ended = this.bans.find((ban) => ban.id === id);
    if (ended === undefined) return;
    this.bans = this.bans.filter((ban) => ban !== ended);
    // What a success has ended already comes back in no form.
    if (this.#find('banned', ended.model)?.hasTrial !== false) return;
    if (this.bans.some(({ model }) => model === ended.model)) this.#rule(ended.model);
    else {
      this.#drop('banned', ended.model);
      const { model, strike } = ended;
      const trial = {
        state: 'banned',
        model,
        untilMs: nowMs,
        strike,
        hasTrial: true,
        triedBy: null,
      };
      if (isOnTrial) this.held.push(trial);
    }
  }

  passed({ model, startedAtMs }: OpenCall): void {
    const over = this.concerning(model).filter(({ untilMs }) => untilMs <= startedAtMs);
    this.held = this.held.filter((one) => !over.includes(one));
  }

  apply(effect: Effect, model: string, nowMs: number, hasBalance: boolean): void {
    const whole = this.#find('banned', null);
    if (whole !== undefined && whole.untilMs > nowMs) return;
    const seconds = (count: number) => nowMs + count * 1000;
    const until = (state: string, scope: string | null, longer: (strike: number) => number) => {
      const before = this.#find(state, scope);
      const isHeld = before !== undefined && before.untilMs > nowMs;
      const strike = (before?.strike ?? 0) + (isHeld ? 0 : 1);
      const untilMs = longer(strike);
      if (isHeld && before.untilMs >= untilMs) return;
      this.#drop(state, scope);
      const hasTrial = state === 'exhausted';
      this.held.push({ state, model: scope, untilMs, strike, hasTrial, triedBy: null });
    };
    if (effect.kind === 'cooling' || (effect.kind === 'origin' && effect.ms !== null)) {
      const told = effect.ms;
      until('cooling', model, (strike) =>
        told === null ? seconds(Math.min(60, 2 ** (strike - 1))) : nowMs + Math.max(100, told),
      );
    }
    if (effect.kind === 'forbidden' || effect.kind === 'unauthorized') {
      until('forbidden', model, () => seconds(30));
    }
    if (effect.kind === 'unauthorized' && nowMs >= (this.#suspectedMs ?? 0) + 30_000) {
      this.#suspectedMs = nowMs;
      until('suspect', null, () => seconds(30));
    }
    if (effect.kind === 'exhausted' && hasBalance) {
      this.#exhaustedBy = model;
      until('exhausted', null, () => Infinity);
    } else if (effect.kind === 'exhausted') {
      const grown = (strike: number) => nowMs + Math.min(60, 5 * 2 ** (strike - 1)) * MINUTE_MS;
      until('exhausted', model, grown);
      const poor = MODELS.map((name) => this.#find('exhausted', name));
      if (poor.every((one) => (one?.untilMs ?? 0) > nowMs)) until('exhausted', null, grown);
    }
  }

  clearSuspicion(): void {
    this.#drop('suspect', null);
  }

  refill(nowMs: number): void {
    if (this.#find('exhausted', null) === undefined) return;
    this.#drop('exhausted', null);
    const before = this.#find('forbidden', this.#exhaustedBy);
    const untilMs = Math.max(nowMs + 30_000, before?.untilMs ?? 0);
    const strike = (before?.strike ?? 0) + (before !== undefined && before.untilMs > nowMs ? 0 : 1);
    this.#drop('forbidden', this.#exhaustedBy);
    const what = { state: 'forbidden', model: this.#exhaustedBy, untilMs, strike };
    this.held.push({ ...what, hasTrial: false, triedBy: null });
  }

  #rule(model: string | null): void {
    const [first, ...rest] = this.bans.filter((ban) => ban.model === model);
    if (first === undefined) return;
    const longest = rest.reduce((long, ban) => (ban.untilMs >= long.untilMs ? ban : long), first);
    this.#drop('banned', model);
    const { untilMs, strike } = longest;
    this.held.push({ state: 'banned', model, untilMs, strike, hasTrial: false, triedBy: null });
  }

  #find(state: string, model: string | null): Held | undefined {
    return this.held.find((one) => one.state === state && one.model === model);
  }

  #drop(state: string, model: string | null): void {
    this.held = this.held.filter((one) => one.state !== state || one.model !== model);
  }
}

/** A history under way: the health, what the oracle makes of the same, and the calls that are open. */
class World {
  readonly health = new Health();
  readonly oracle = new Oracle();
  readonly calls: OpenCall[] = [];
  readonly ended: string[] = [];
  nowMs = NOW;
  serial = 0;

  check(): void {
    for (const model of MODELS) {
      const told = this.health.exclusion(model, this.nowMs);
      expect(told?.reason ?? null).toBe(this.oracle.reason(model, this.nowMs));
      // Whoever is set aside is so until later, or for a call that is really trying.
      if (told?.reason !== 'on_trial')
        expect(told?.untilMs ?? Infinity).toBeGreaterThan(this.nowMs);
      else expect(this.calls.some(({ claim }) => claim.length > 0)).toBe(true);
      if (this.#isBanned(model)) expect(told?.reason).not.toBeUndefined();
    }
    const ids = this.oracle.bans.map(({ id }) => id);
    expect(this.health.banIds()).toEqual(ids);
    expect(ids.filter((id) => this.ended.includes(id))).toEqual([]);
  }

  #isBanned(model: string): boolean {
    return this.oracle.bans.some(
      (ban) => (ban.model === null || ban.model === model) && ban.untilMs > this.nowMs,
    );
  }

  /** As a route does: asked and taken in one step. */
  begin(model: string): void {
    if (this.health.exclusion(model, this.nowMs) !== null) return;
    expect(this.#isBanned(model)).toBe(false);
    const call = {
      model,
      startedAtMs: this.nowMs,
      claim: this.health.beginTrial(model, this.nowMs),
    };
    const tried = this.oracle
      .concerning(model)
      .filter(({ hasTrial, untilMs }) => hasTrial && untilMs <= this.nowMs);
    expect(call.claim).toHaveLength(tried.length);
    for (const one of tried) {
      expect(one.triedBy).toBeNull();
      one.triedBy = call;
    }
    this.calls.push(call);
  }

  finish(call: OpenCall): void {
    this.calls.splice(this.calls.indexOf(call), 1);
    this.health.endTrial(call.claim);
    for (const one of this.oracle.held) if (one.triedBy === call) one.triedBy = null;
  }
}

type Step = (world: World) => void;

/** A step that a counterexample names. */
const step = (name: string, run: Step): Step =>
  Object.assign(run, { [fc.toStringMethod]: () => name });

const POLICY: HealthPolicy = aHealthPolicy();

const ms = fc.constantFrom(null, 0, 500, 4000, 40_000);
const model = fc.constantFrom(...MODELS);
const effect: fc.Arbitrary<Effect> = fc.oneof(
  ms.map((told): Effect => ({ kind: 'cooling', ms: told })),
  fc.constantFrom<Effect>(
    { kind: 'forbidden' },
    { kind: 'unauthorized' },
    { kind: 'exhausted' },
    { kind: 'served' },
    { kind: 'none' },
  ),
  fc
    .tuple(ms, fc.boolean())
    .map(([told, isWhole]): Effect => ({ kind: 'origin', ms: told, isWhole })),
);
const nth = fc.nat({ max: 5 });

/** The same to both: what an answer said, of a call that began a while ago. */
const applied = fc
  .tuple(effect, model, fc.boolean(), fc.constantFrom(0, 1000, MINUTE_MS))
  .map(([said, of, hasBalance, agoMs]) =>
    step(`apply ${fc.stringify([said, of, hasBalance, agoMs])}`, (world) => {
      const { nowMs } = world;
      const facts = theFacts({ model: of, nowMs, startedAtMs: nowMs - agoMs, status: 401 });
      const { sentence } = world.health.apply(said, facts, POLICY, hasBalance);
      expect(sentence).toBeNull();
      world.oracle.apply(said, of, nowMs, hasBalance);
    }),
  );

const banned = fc
  .tuple(fc.constantFrom(null, ...MODELS), fc.constantFrom(null, 1000, MINUTE_MS, 3_600_000))
  .map(([of, forMs]) =>
    step(`ban ${of} for ${forMs}`, (world) => {
      world.serial += 1;
      const id = `ban ${world.serial}`;
      const untilMs = forMs === null ? null : world.nowMs + forMs;
      const strike = world.serial;
      world.health.ban({ id, model: of, untilMs, strike, hasTrial: false });
      world.oracle.ban({ id, model: of, untilMs: untilMs ?? Infinity, strike });
    }),
  );

const unbanned = fc.tuple(nth, fc.boolean()).map(([at, isOnTrial]) =>
  step(`end ban ${at}, on trial: ${isOnTrial}`, (world) => {
    // Also one that has ended before: such a message changes nothing.
    const id = [...world.oracle.bans.map((ban) => ban.id), ...world.ended][at];
    if (id === undefined) return;
    world.health.endBan(id, world.nowMs, { isOnTrial });
    world.oracle.endBan(id, world.nowMs, isOnTrial);
    if (!world.ended.includes(id)) world.ended.push(id);
  }),
);

const begun = model.map((of) => step(`begin ${of}`, (world) => world.begin(of)));

const finished = fc.tuple(nth, fc.constantFrom('passed', 'nothing')).map(([at, how]) =>
  step(`finish call ${at}: ${how}`, (world) => {
    const call = world.calls[at];
    if (call === undefined) return;
    if (how === 'passed') {
      world.health.passed(call.model, call.startedAtMs);
      world.oracle.passed(call);
    }
    world.finish(call);
  }),
);

/** An answer that has begun, of a call that goes on: a stream. */
const answered = nth.map((at) =>
  step(`answer to call ${at}`, (world) => {
    const call = world.calls[at];
    if (call === undefined) return;
    world.health.passed(call.model, call.startedAtMs);
    world.oracle.passed(call);
  }),
);

const cleared = step('clear suspicion', (world) => {
  world.health.clearSuspicion();
  world.oracle.clearSuspicion();
});

const refilled = step('refill', (world) => {
  world.health.refill(world.nowMs, { isOwnCheck: true });
  world.oracle.refill(world.nowMs);
});

const waited = fc.constantFrom(1, 999, 1000, 30_000, MINUTE_MS, 3_600_000).map((forMs) =>
  step(`wait ${forMs}`, (world) => {
    world.nowMs += forMs;
  }),
);

const histories = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: applied },
    { weight: 2, arbitrary: banned },
    { weight: 2, arbitrary: unbanned },
    { weight: 4, arbitrary: begun },
    { weight: 2, arbitrary: finished },
    { weight: 2, arbitrary: answered },
    { weight: 1, arbitrary: fc.constantFrom(cleared, refilled) },
    { weight: 3, arbitrary: waited },
  ),
  { maxLength: 60 },
);

test('is at every moment what the oracle says', () => {
  fc.assert(
    fc.property(histories, (steps) => {
      const world = new World();
      for (const run of steps) {
        run(world);
        world.check();
      }
    }),
    { numRuns: 600 },
  );
});

const isEndless = ({ untilMs }: { untilMs: number }) => untilMs === Infinity;

test('nothing holds for ever but a ban without an end and missing money', () => {
  fc.assert(
    fc.property(histories, (steps) => {
      const world = new World();
      for (const run of steps) run(world);
      for (const call of world.calls.slice()) world.finish(call);
      const later = world.nowMs + 2 * 3_600_000;
      for (const name of MODELS) {
        const isHeld = world.oracle.concerning(name).some(isEndless);
        expect(world.health.exclusion(name, later) !== null).toBe(isHeld);
      }
    }),
    { numRuns: 300 },
  );
});

describe('whatever answers come', () => {
  const counted = {
    rules: [{ statuses: [401, 403, 429, 500], failuresMax: 2, banMs: null }],
    windowMs: null,
    isEscalating: true,
  };
  const policies: HealthPolicy[] = [
    aHealthPolicy(),
    aHealthPolicy({ counted }),
    aHealthPolicy({ unauthorized: 'ignore', counted }),
    aHealthPolicy({ rateLimited: { scope: 'credential', ms: 300_000 }, counted }),
  ];
  const answers = fc.array(
    fc.record({
      said: effect,
      of: model,
      status: fc.constantFrom(401, 402, 403, 429, 500),
      hasBalance: fc.boolean(),
      afterMs: fc.constantFrom(0, 1, 1000, MINUTE_MS),
    }),
    { maxLength: 60 },
  );

  test.each(policies)('they alone ban no credential as a whole (%#)', (policy) => {
    fc.assert(
      fc.property(answers, (list) => {
        const health = new Health();
        let nowMs = NOW;
        for (const { said, of, status, hasBalance, afterMs } of list) {
          nowMs += afterMs;
          const facts = theFacts({ model: of, status, nowMs });
          const { sentence, block } = health.apply(said, facts, policy, hasBalance);
          expect(block?.state).not.toBe('banned');
          if (sentence === null) continue;
          expect(sentence.model).toBe(of);
          const { model: banModel, untilMs, strike } = sentence;
          health.ban({ id: `b${nowMs}`, model: banModel, untilMs, strike, hasTrial: false });
        }
        const whole = health.blocks(nowMs).filter((block) => block.model === null);
        expect(whole.map(({ state }) => state)).not.toContain('banned');
        expect(health.exclusion('never asked', nowMs)?.reason).not.toBe('banned');
      }),
    );
  });
});
