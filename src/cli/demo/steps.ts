import { GatewayError } from '../../errors/gateway-error.ts';
import { CLI } from '../../services/actor.ts';
import { explanationLines } from '../explanation-lines.ts';
import { chat, dataOf, eventData, graphql } from './calls.ts';
import type { Stage } from './stage.ts';
import type { Tour } from './tour.ts';

type Step = (tour: Tour, stage: Stage) => Promise<void>;

/** The credential whose provider does not know it any more. */
const DEAD = 'alpha';
const CAP_USD = '0.0001';
/** So that each holds little: a budget lets pass what it could pay for. */
const TOKENS_MAX = 40;
const CALLS_MAX = 50;
const BALANCES = 4;

const streamed: Step = async (tour) => {
  tour.step(
    'A streamed answer',
    'Any OpenAI SDK or tool works: only its base URL and its key are new.',
  );
  const response = await tour.ask(chat('Hello', { isStream: true }));
  tour.trickle('  ');
  for await (const data of eventData(response)) {
    if (data === '[DONE]') break;
    const { choices } = JSON.parse(data) as { choices: { delta: { content?: string } }[] };
    tour.trickle(choices[0]?.delta.content ?? '');
  }
  tour.trickle('\n');
};

const failedOver: Step = async (tour, { space, dataDir }) => {
  tour.step(
    'A dead credential, and a client that never hears of it',
    `The provider revokes ${DEAD}, where calls go first. The next call is answered all the same.`,
  );
  const revoked = { method: 'PUT', url: `$SANDBOX/__sandbox/credentials/${DEAD}` } as const;
  await tour.ask({ ...revoked, body: { revoked: true } });
  const response = await tour.ask(chat('Is anybody there?'));
  await response.text();
  tour.say(`HTTP ${response.status}. Why it went where it went:`);
  const id = response.headers.get('x-request-id') ?? '';
  tour.command(`npx tollgate explain ${id} --data-dir ${dataDir}`);
  const told = await tour.until('the call is on record', () =>
    orNull(() => space.requests.explain(CLI, id)),
  );
  for (const line of explanationLines(told)) tour.say(line);
};

const banned: Step = async (tour) => {
  tour.step(
    'Its ban, with the evidence',
    'One refusal made it suspect. Tollgate asked the provider itself, and banned it for the answer.',
  );
  const query = graphql(`
    {
      bans(first: 1) {
        nodes {
          credential {
            name
          }
          reason
          startedAt
          until
          evidence {
            statuses
            requestIds
          }
        }
      }
    }
  `);
  await tour.until('the ban is there', async () => {
    const { bans } = await dataOf<{ bans: { nodes: unknown[] } }>(await tour.again(query));
    return bans.nodes.length > 0 ? true : null;
  });
  tour.json(await dataOf(await tour.ask(query)));
};

const falling: Step = async (tour) => {
  tour.step('A balance falling, live', 'A subscription; calls are made meanwhile.');
  const response = await tour.ask(
    graphql('subscription { balanceChanged { credentialName balance at } }', { isStream: true }),
  );
  let seen = 0;
  for await (const data of eventData(response)) {
    tour.say(data);
    seen += 1;
    if (seen > BALANCES) break;
    await (await tour.again(chat('Spend a little of it, please.'))).text();
  }
};

const refused: Step = async (tour) => {
  tour.step(
    'A budget that refuses the next call',
    `A key that may spend $${CAP_USD} in all, and calls until it has.`,
  );
  const { createKey } = await dataOf<{ createKey: { secret: string; key: { id: string } } }>(
    await tour.ask(
      graphql(`mutation { createKey(input: { name: "intern", budget: "${CAP_USD}" }) {
        secret key { id } } }`),
    ),
  );
  tour.learn({ INTERN: createKey.secret, INTERNID: createKey.key.id });
  const call = chat('Write me a poem.', { key: '$INTERN', maxTokens: TOKENS_MAX });
  tour.show(call);
  for (let nth = 1; nth <= CALLS_MAX; nth += 1) {
    const response = await tour.again(call);
    const text = await response.text();
    const cost = response.headers.get('x-tollgate-cost');
    tour.say(`call ${nth}: HTTP ${response.status}${cost === null ? '' : `, cost $${cost}`}`);
    if (response.status === 200) continue;
    tour.say(text);
    return;
  }
  throw new Error('the budget let everything pass');
};

const explained: Step = async (tour) => {
  tour.step(
    'The one query that explains it',
    'What was spent and held, the same sum from the records, and the last calls that were paid.',
  );
  const query = graphql(`
    {
      key(id: "$INTERNID") {
        name
        budgets {
          cap
          standing {
            settled
            held
            remaining
          }
          explain {
            recorded
            isEqual
          }
        }
        stats {
          totals {
            calls
            cost
          }
          recent(first: 3) {
            id
            status
            cost
            hold
          }
        }
      }
    }
  `);
  // A settlement is written behind the answer.
  await tour.until('the last call is settled', async () => {
    const { key } = await dataOf<{ key: { budgets: { standing: { held: string } }[] } }>(
      await tour.again(query),
    );
    return key.budgets.every(({ standing }) => Number(standing.held) === 0) ? true : null;
  });
  tour.json(await dataOf(await tour.ask(query)));
};

/** In the order of the tour. */
export const steps: readonly Step[] = [streamed, failedOver, banned, falling, refused, explained];

/** Null while there is no such thing. */
async function orNull<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'not_found') return null;
    throw error;
  }
}
