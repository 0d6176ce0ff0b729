import { describe, expect, test } from '@jest/globals';
import type { MatchLogic } from '@pydantic/genai-prices';
import {
  clauseFrom,
  matches,
  withDashedDates,
} from '../../../../src/accounting/prices/model-match.ts';

describe('a clause', () => {
  test.each<[MatchLogic, string, boolean]>([
    [{ equals: 'GPT-4o' }, 'gpt-4o', true],
    [{ equals: 'gpt-4o' }, 'gpt-4o-mini', false],
    [{ starts_with: 'Claude-' }, 'claude-x', true],
    [{ starts_with: 'claude-' }, 'a-claude-x', false],
    [{ ends_with: ':Free' }, 'gemma:free', true],
    [{ ends_with: ':free' }, 'gemma:freed', false],
    [{ contains: 'Nova' }, 'us.nova-lite', true],
    [{ contains: 'nova' }, 'us.lite', false],
    [{ regex: String.raw`^grok-4\.5-\d{8}$` }, 'grok-4.5-20260101', true],
    [{ regex: String.raw`^grok-4\.5-\d{8}$` }, 'grok-4x5-20260101', false],
    [{ or: [{ equals: 'a' }, { equals: 'b' }] }, 'b', true],
    [{ or: [{ equals: 'a' }, { equals: 'b' }] }, 'c', false],
    [{ and: [{ contains: 'a' }, { contains: 'b' }] }, 'a-b', true],
    [{ and: [{ contains: 'a' }, { contains: 'b' }] }, 'a', false],
    [{ and: [{ starts_with: 'a' }, { or: [{ ends_with: 'y' }, { ends_with: 'z' }] }] }, 'az', true],
  ])('%j on %s: %s', (logic, name, expected) => {
    expect(matches(clauseFrom(logic), name)).toBe(expected);
  });
});

test.each([
  ['gpt-4o-mini-20240718', 'gpt-4o-mini-2024-07-18'],
  ['claude-20250514:thinking', 'claude-2025-05-14:thinking'],
  ['gpt-4o-mini-2024-07-18', 'gpt-4o-mini-2024-07-18'],
  ['model-20241399', 'model-20241399'],
  ['model-202407181', 'model-202407181'],
])('%s with dashed dates is %s', (name, expected) => {
  expect(withDashedDates(name)).toBe(expected);
});
