import { expect, test } from '@jest/globals';
import { SYSTEM } from '../../../src/services/actor.ts';
import { startGateway } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import { statementsOf } from './statements.ts';

const KEYS = `query Keys($first: Int) {
  keys(first: $first, filter: { search: "key-" }) {
    nodes {
      name status poolName
      user { name budgets { cap standing { remaining } } }
      team { name budgets { cap standing { remaining } } }
      budgets { cap subject standing { settled held remaining cap resetsAt } }
      limits { requests { used } }
    }
  }
}`;

const BUDGETS = `query Budgets($first: Int) {
  budgets(first: $first) { nodes { subject standing { remaining } } }
}`;

const OWNERS = `query Owners($first: Int) {
  users(first: $first) { nodes { name budgets { cap subject standing { remaining } } } }
  teams(first: $first) { nodes { name budgets { cap subject standing { remaining } } } }
}`;

test('a long list takes no more statements than a short one', async () => {
  const gateway = await startGateway();
  const { budgets, keys, teams, users } = gateway.space;
  for (let at = 0; at < 50; at += 1) {
    const user = await users.create(SYSTEM, { name: `user-${at}` });
    const team = await teams.create(SYSTEM, { name: `team-${at}` });
    const owners = { user: user.id, team: team.id };
    const { virtualKey } = await keys.create(SYSTEM, { name: `key-${at}`, budget: 1, ...owners });
    const subjects = { key: virtualKey.id, ...owners };
    for (const scope of ['key', 'team', 'user'] as const) {
      await budgets.set(SYSTEM, { scope, subject: subjects[scope], cap: at, period: 'daily' });
    }
  }
  const { ask } = graphqlClient(gateway);
  for (const document of [KEYS, BUDGETS, OWNERS]) {
    const counts: number[] = [];
    for (const first of [10, 50]) {
      const statements = await statementsOf(gateway, async () => {
        const { data, errors } = await ask(document, { first });
        expect(errors).toEqual([]);
        for (const { nodes } of Object.values(data) as { nodes: unknown[] }[]) {
          expect(nodes).toHaveLength(first);
          expect(JSON.stringify(nodes)).toContain('"remaining":"');
        }
      });
      counts.push(statements.length);
    }
    const [few = 0, many = 0] = counts;
    expect(few).toBeGreaterThan(0);
    // What is asked for at once may come in two batches, never in one for each.
    expect(many).toBeLessThanOrEqual(few + 2);
  }
});
