import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';

test('works', async () => {
  const gateway = await startGateway();
  const ask = async (query: string, variables = {}) => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.space.secrets.admin.reveal()}` },
      body: JSON.stringify({ query, variables }),
    });
    return [response.status, await response.json()];
  };
  console.log(JSON.stringify(await ask('{ me { name role } serverInfo { version uptimeSeconds startedAt } }')));
  console.log(JSON.stringify(await ask('mutation { createKey(input: {name: "x", budget: "5", rpmLimit: 7}, clientMutationId: "m1") { secret key { id name rpmLimit metadata createdAt } budget { cap period } } }')));
  console.log(JSON.stringify(await ask('mutation { createKey(input: {name: "x", budget: "5", rpmLimit: 7}, clientMutationId: "m1") { secret key { id name rpmLimit metadata createdAt } budget { cap period } } }')));
  console.log(JSON.stringify(await ask('mutation { createKey(input: {name: "x", budget: "-5", rpmLimit: 0}) { secret } }')));
  expect(1).toBe(1);
});
