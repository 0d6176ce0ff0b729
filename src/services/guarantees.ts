/** What is promised about money and secrets, and whether it holds on this server now. */
export interface Guarantee {
  id: string;
  statement: string;
  isInForce: boolean;
  /** Why, or why not. */
  why: string;
}

/** What the server's settings and its store say. */
export interface GuaranteeFacts {
  notReady: string | null;
  isLoopback: boolean;
  isLbOpen: boolean;
  arePrivateUpstreamsAllowed: boolean;
  /** Calls of processes that died before this one started. */
  recoveredHolds: number;
  budgets: { enabled: number; hard: number; strict: number };
}

interface Rule {
  id: string;
  statement: string;
  judge(facts: GuaranteeFacts): readonly [isInForce: boolean, why: string];
}

/** Each is held by a test of the product; settings decide over some. */
const RULES: readonly Rule[] = [
  {
    id: 'held_before_first_byte',
    statement: 'No byte of an answer reaches a client before the hold of its call is on disk.',
    judge: ({ notReady }) => [
      true,
      notReady === null
        ? 'Commits are synchronous (SQLite, synchronous=FULL).'
        : `No call is served now: ${notReady}.`,
    ],
  },
  {
    id: 'lost_calls_charged',
    statement: 'A call that a dying process left open is charged at its hold at the next start.',
    judge: ({ recoveredHolds: count }) => [
      true,
      `At this start there ${count === 1 ? 'was one' : `were ${count}`} of them.`,
    ],
  },
  {
    id: 'all_or_nothing',
    statement:
      'A call takes from all of its limits and budgets, or it is refused and takes nothing.',
    judge: () => [true, 'Admission is one step, which no other call can come between.'],
  },
  {
    id: 'hard_budgets',
    statement: 'A call that does not fit into a hard budget is refused.',
    judge: ({ budgets: { enabled, hard } }) => [
      hard > 0,
      hard > 0
        ? `${hard} of ${enabled} budgets in force are hard; the others only alert.`
        : `Of ${enabled} budgets in force none is hard.`,
    ],
  },
  {
    id: 'strict_budgets',
    statement:
      'A call of a strict budget holds the most that it can cost by what its provider documents.',
    judge: ({ budgets: { enabled, strict } }) => [
      strict > 0,
      strict > 0
        ? `${strict} of ${enabled} budgets in force are strict; calls of the others hold an estimate.`
        : `Of ${enabled} budgets in force none is strict: calls hold an estimate, and those under way may pass a cap.`,
    ],
  },
  {
    id: 'loopback_only',
    statement: 'Only programs of this machine can connect.',
    judge: ({ isLoopback }) => [
      isLoopback,
      isLoopback ? 'It listens on the loopback interface.' : 'It listens on other interfaces too.',
    ],
  },
  {
    id: 'lb_needs_secret',
    statement: '/lb/health, /lb/refresh and /metrics answer only who shows the admin secret.',
    judge: ({ isLbOpen, isLoopback }) => [
      !isLbOpen,
      isLbOpen
        ? `They are open to everybody who can connect${isLoopback ? ', which is this machine alone' : ''}.`
        : 'They ask for it.',
    ],
  },
  {
    id: 'public_upstreams_only',
    statement: 'No name that looks public leads a call to a private address.',
    judge: ({ arePrivateUpstreamsAllowed }) => [
      !arePrivateUpstreamsAllowed,
      arePrivateUpstreamsAllowed
        ? 'A setting allows private upstreams.'
        : 'What a name leads to is judged before anything connects; addresses written out, and local names, are as configured.',
    ],
  },
];

export const guaranteesOf = (facts: GuaranteeFacts): Guarantee[] =>
  RULES.map(({ id, statement, judge }) => {
    const [isInForce, why] = judge(facts);
    return { id, statement, isInForce, why };
  });
