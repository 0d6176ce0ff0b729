import { describe, expect, test } from '@jest/globals';
import type { ClientAnswer } from '../../../src/cli/prove-client.ts';
import { proofLines } from '../../../src/cli/prove-lines.ts';
import { judge, toldCost } from '../../../src/cli/prove-verdict.ts';
import type { Evidence, RecordedCall, WitnessedCall } from '../../../src/cli/prove-verdict.ts';

const COST_NANO = 10_800n;
const USAGE = { prompt_tokens: 40, completion_tokens: 8, total_tokens: 48 };
const PRICE = { input: 150_000_000n, output: 600_000_000n };
const IDS = ['r1', 'r2', 'r3'];

const answer = (id: string, fields: Partial<ClientAnswer> = {}): ClientAnswer => ({
  id,
  isStream: id === 'r2',
  status: 200,
  code: '',
  isWhole: true,
  ...fields,
});
const refused = (id: string, fields: Partial<ClientAnswer> = {}) =>
  answer(id, { status: 402, code: 'insufficient_quota', ...fields });
const served = (id: string, usage: object | null = USAGE): WitnessedCall => ({
  id,
  isStream: id === 'r2',
  usage,
});
const recorded = (id: string, costNano = COST_NANO): RecordedCall => ({
  id,
  isStream: id === 'r2',
  costNano,
});

const ANSWERS = [...IDS.map((id) => answer(id)), refused('r4'), refused('r5')];

/** Five calls against a budget for three, which held; changed as told. */
function evidence({ budget, ...fields }: Partial<Evidence> = {}): Evidence {
  const settledNano = 3n * COST_NANO;
  return {
    capNano: settledNano,
    expected: 3,
    price: PRICE,
    answers: ANSWERS,
    witnessed: IDS.map((id) => served(id)),
    records: IDS.map((id) => recorded(id)),
    budget: {
      settledNano,
      recordedNano: settledNano,
      heldNano: 0n,
      mostNano: settledNano,
      ...budget,
    },
    ...fields,
  };
}

const budgetOf = (fields: Partial<Evidence['budget']>) =>
  evidence({ budget: { ...evidence().budget, ...fields } });

test('a budget that held is proved, and nothing is found', () => {
  expect(judge(evidence())).toEqual({
    isProved: true,
    isBroken: false,
    passed: 3,
    spentNano: 3n * COST_NANO,
    findings: [],
  });
});

test('the cost of a usage is rounded up once, and is not known for half a usage', () => {
  expect(toldCost(USAGE, PRICE)).toBe(COST_NANO);
  expect(toldCost({ prompt_tokens: 1, completion_tokens: 0 }, { input: 1n, output: 0n })).toBe(1n);
  const halves = [null, {}, { prompt_tokens: 1 }, { prompt_tokens: 1, completion_tokens: '8' }];
  const wrong = [
    { prompt_tokens: -1, completion_tokens: 1 },
    { prompt_tokens: 0.5, completion_tokens: 1 },
  ];
  for (const usage of [...halves, ...wrong]) expect(toldCost(usage, PRICE)).toBeNull();
});

const FOUR = [...IDS, 'r4'];

describe('a cap that was passed is broken', () => {
  test.each<[string, Evidence, string[]]>([
    [
      'by a call too many, in whose favour all others speak',
      evidence({
        answers: [...FOUR.map((id) => answer(id)), refused('r5')],
        witnessed: FOUR.map((id) => served(id)),
        records: FOUR.map((id) => recorded(id)),
        budget: {
          settledNano: 43_200n,
          recordedNano: 43_200n,
          heldNano: 0n,
          mostNano: 43_200n,
        },
      }),
      [
        '4 calls were answered 200: the budget pays for 3',
        "the upstream's usage costs $0.0000432, above the cap of $0.0000324",
        'the ledger has $0.0000432, above the cap of $0.0000324',
        '$0.0000432 were spent and held at one moment, above the cap of $0.0000324',
        '4 calls were taken upstream: the budget pays for 3',
      ],
    ],
    [
      'by a call that was dearer than the ledger says',
      evidence({
        witnessed: [served('r1'), served('r2'), served('r3', { ...USAGE, completion_tokens: 9 })],
      }),
      [
        "the upstream's usage costs $0.000033, above the cap of $0.0000324",
        "1 call was charged otherwise than the upstream's usage costs (has the server other prices than this command?): r3",
        "the budget has settled $0.0000324, and the upstream's usage costs $0.000033",
      ],
    ],
    [
      'by what was held for a moment',
      budgetOf({ mostNano: 32_401n }),
      ['$0.000032401 were spent and held at one moment, above the cap of $0.0000324'],
    ],
  ])('%s', (_what, given, findings) => {
    expect(judge(given)).toMatchObject({ isProved: false, isBroken: true, findings });
  });
});

describe('what does not fit together proves nothing, though the cap was kept', () => {
  test.each<[string, Partial<Evidence>, string[]]>([
    [
      'too few passed',
      {
        answers: [answer('r1'), answer('r2'), refused('r3'), refused('r4')],
        witnessed: [served('r1'), served('r2')],
        records: [recorded('r1'), recorded('r2')],
        budget: { settledNano: 21_600n, recordedNano: 21_600n, heldNano: 0n, mostNano: 21_600n },
      },
      ['2 calls were answered 200: the budget pays for 3'],
    ],
    [
      'some were refused by something else, or not answered',
      {
        answers: [
          ...ANSWERS,
          answer('r6', { status: 503, code: 'overloaded' }),
          answer('r7', { status: 503, code: 'overloaded' }),
          answer('r8', { status: 429, code: 'rate_limit_exceeded' }),
          refused('r9', { code: 'other' }),
          answer('', { status: 0, code: 'ECONNRESET', isWhole: false }),
        ],
      },
      [
        '2 calls were answered 503 overloaded (others were under way too: MAX_IN_FLIGHT), neither served nor refused by the budget',
        '1 call was answered 429 rate_limit_exceeded, neither served nor refused by the budget',
        '1 call was answered 402 other, neither served nor refused by the budget',
        '1 call was without an answer: ECONNRESET',
      ],
    ],
    [
      'an answer broke off',
      { answers: [answer('r1', { isWhole: false }), ...ANSWERS.slice(1)] },
      ['1 call was answered 200, but not to the end'],
    ],
    [
      'a client was refused what the upstream served',
      { answers: [answer('r1'), answer('r2'), refused('r3'), answer('r9')] },
      [
        '1 call was answered 200 without reaching the upstream: r9',
        '1 call was not answered 200, but served by the upstream: r3',
      ],
    ],
    [
      'the upstream served one twice, and told no usage the second time',
      { witnessed: [...IDS.map((id) => served(id)), served('r3', null)] },
      [
        '1 call was taken upstream a second time',
        '1 call was served, but not told what it used: r3',
      ],
    ],
    [
      'the ledger lacks one and has another',
      { records: [recorded('r1'), recorded('r2'), recorded('x')] },
      [
        '1 call was served, but not in the ledger: r3',
        '1 call was in the ledger, but not served: x',
      ],
    ],
    [
      'the ledger has none of many',
      { records: [], witnessed: IDS.map((id) => served(id)) },
      ['3 calls were served, but not in the ledger: r1, r2, r3'],
    ],
  ])('%s', (_what, fields, findings) => {
    const verdict = judge(evidence(fields));
    expect(verdict).toMatchObject({ isProved: false, isBroken: false });
    for (const finding of findings) expect(verdict.findings).toContain(finding);
  });

  test('the budget has counted otherwise', () => {
    const given = budgetOf({ recordedNano: 21_600n, heldNano: 5n });
    expect(judge(given)).toMatchObject({
      isProved: false,
      isBroken: false,
      findings: [
        'the budget has settled $0.0000324, and its records sum to $0.0000216',
        '$0.000000005 are still held, though every call is over',
      ],
    });
  });
});

describe('what is printed', () => {
  test('is what everybody says, and the verdict', () => {
    expect(proofLines(evidence(), judge(evidence())).join('\n')).toBe(`\
Who says                 Calls  Streams        Cost
───────────────────────  ─────  ───────  ──────────
Clients: sent                5        1
Clients: answered 200        3        1
Clients: refused 402         2        0
Upstream: served             3        1  $0.0000324
Ledger: recorded             3        1  $0.0000324
Budget: settled                          $0.0000324
Budget: most ever taken                  $0.0000324
Budget: cap                              $0.0000324

The budget held: 3 of 5 calls passed, $0.0000324 of $0.0000324 spent.`);
  });

  test('names what is wrong before it says no', () => {
    const given = evidence({
      answers: [...ANSWERS, answer('', { status: 0, code: 'ECONNRESET' })],
    });
    const lines = proofLines(given, judge(given));
    expect(lines[0]).toMatch(/^Clients: anything else +1 +0$/m);
    expect(lines.slice(2)).toEqual([
      '  - 1 call was without an answer: ECONNRESET',
      '',
      'Not proved: 3 of 6 calls passed, $0.0000324 of $0.0000324 spent.',
    ]);
    const broken = budgetOf({ mostNano: 32_401n });
    const verdict = proofLines(broken, judge(broken)).at(-1);
    expect(verdict).toMatch(/^The budget did NOT hold: 3 of 5 /);
  });
});
