import { expect, test } from '@jest/globals';
import { bind } from '../../../src/grpc/bind.ts';
import type { BindParts } from '../../../src/grpc/bind.ts';
import { methodsOf } from '../../../src/grpc/methods.ts';
import type { Methods } from '../../../src/grpc/methods.ts';
import { LEAST_ROLE, isOpen, permissions } from '../../../src/grpc/permissions.ts';
import { loadServices } from '../../../src/grpc/protos.ts';
import type { ControlPlane } from '../../../src/services/control-plane.ts';
import { operations } from '../../../src/services/policy.ts';

const services = loadServices();
const definitions = [...services.values()].flatMap((service) => Object.values(service));
const methods = methodsOf({} as ControlPlane);
const parts = {} as BindParts;

test('there is something to judge', () => {
  expect([...services.keys()].toSorted()).toEqual([
    'KeyService',
    'LimitService',
    'OperationsService',
    'UsageService',
  ]);
  expect(definitions.length).toBeGreaterThan(15);
});

test('the permissions have a row for every method, and none that is stale', () => {
  const paths = definitions.map(({ path }) => path);
  expect([...permissions.keys()].toSorted()).toEqual(paths.toSorted());
});

test('every row is an operation of the policy, and nobody less than a viewer may ask', () => {
  for (const [path, operation] of permissions) {
    expect([path, operations[operation]]).toEqual([path, expect.any(String)]);
    expect([path, isOpen(path)]).toEqual([path, false]);
  }
  expect(LEAST_ROLE).toBe('viewer');
});

test('what changes something is an operator’s', () => {
  const changing = /(?:Take|Settle|Record|Reserve|Extend|Release)/;
  for (const [path, operation] of permissions) {
    const method = path.split('/')[2] ?? '';
    const least = operations[operation];
    expect([path, least === 'operator']).toEqual([path, changing.test(method)]);
  }
});

test('every method is bound, and a service without one of them is refused', () => {
  for (const [name, definition] of services) {
    const given = methods[name as keyof Methods];
    expect(Object.keys(bind(definition, given, parts)).toSorted()).toEqual(
      Object.keys(definition).toSorted(),
    );
    const [first = ''] = Object.keys(definition);
    expect(() => bind(definition, { ...given, [first]: undefined }, parts)).toThrow(first);
  }
});
