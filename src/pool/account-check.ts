import { AccessTokenError } from './access-tokens.ts';
import { ask, readBy, reasonOf } from './ask.ts';
import type { Account, AskParts } from './ask.ts';
import { MODELS_PATH, modelsPathOf, readModels } from './discovery.ts';
import type { TextAnswer } from './fetch-text.ts';
import { refusesCredential } from './upstream-kind.ts';
import type { UpstreamKind } from './upstream-kind.ts';

/** `works`: its provider accepts it · `refused`: it does not · `unclear`: it said neither, or nothing. */
export type Finding = 'works' | 'refused' | 'unclear';

/** What a provider says of an account, asked just now. */
export interface AccountCheck {
  finding: Finding;
  /** Of the answer that the finding goes by; null: none came. */
  status: number | null;
  /** Why there is no finding; null where there is one. */
  reason: string | null;
  /** Null where the provider tells none, or did not. */
  balanceNano: bigint | null;
  usedNano: bigint | null;
  /** Null where the provider lists none, or did not. */
  models: string[] | null;
}

/** Each question is given up after ten seconds by itself. */
const NEVER = new AbortController().signal;
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;

/** Each path is asked for once, all of them together. */
export async function checkAccount(account: Account, parts: AskParts): Promise<AccountCheck> {
  const { kind } = account;
  const listed = modelsPathOf(kind);
  const probe = probePathOf(kind);
  const paths = new Set([probe, kind.balance?.path ?? probe, listed ?? probe]);
  const limits = { bytesMax: ANSWER_BYTES_MAX, signal: NEVER };
  const asked = [...paths].map(async (path) => {
    const answer = await ask(account, path, parts, limits).catch((error: unknown) => error);
    return [path, answer] as const;
  });
  const answers = new Map(await Promise.all(asked));
  const balance = kind.balance;
  return {
    ...findingOf(kind, answers.get(probe)),
    ...(read(answers.get(balance?.path ?? ''), (text) =>
      readBy((answer) => balance?.read(answer), text),
    ) ?? { balanceNano: null, usedNano: null }),
    models:
      read(answers.get(listed ?? ''), (text) =>
        readBy((answer) => [...readModels(answer, kind).keys()], text),
      ) ?? null,
  };
}

/** What only a working credential may read. */
export const probePathOf = (kind: UpstreamKind): string =>
  kind.probePath ?? modelsPathOf(kind) ?? MODELS_PATH;

/** What an answer to that, or the lack of one, says of the credential. */
export function findingOf(
  kind: UpstreamKind,
  answer: unknown,
): Pick<AccountCheck, 'finding' | 'status' | 'reason'> {
  if (!isAnswer(answer)) {
    const isRefused = answer instanceof AccessTokenError && answer.isRefusal;
    const status = isRefused ? answer.status : null;
    return { finding: isRefused ? 'refused' : 'unclear', status, reason: reasonOf(answer) };
  }
  const { status, text } = answer;
  if (status === 401 || (status === 400 && refusesCredential(kind, text))) {
    return { finding: 'refused', status, reason: null };
  }
  // 404: who asks is known, what was asked for is not.
  if ((status >= 200 && status < 300) || status === 404) {
    return { finding: 'works', status, reason: null };
  }
  return { finding: 'unclear', status, reason: `the provider answered ${status}` };
}

/** Undefined for what cannot be read: the finding does not depend on it. */
function read<T>(answer: unknown, reader: (text: string) => T): T | undefined {
  if (!isAnswer(answer) || answer.status !== 200) return undefined;
  try {
    return reader(answer.text);
  } catch {
    return undefined;
  }
}

const isAnswer = (answer: unknown): answer is TextAnswer =>
  typeof answer === 'object' && answer !== null && 'status' in answer && 'text' in answer;
