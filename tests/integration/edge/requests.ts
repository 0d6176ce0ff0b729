import type { WitnessEntry } from '../../../src/sandbox/index.ts';
import { isOwnAsk } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { RawClient } from '../../support/raw-client.ts';

export const JSON_BODY = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}';
const CHAT = 'POST /v1/chat/completions HTTP/1.1';

/** A request as it is on the wire. */
export const text = (lines: readonly string[], body: string | Buffer = ''): Buffer =>
  Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]);

export const json = (body: string | Buffer = JSON_BODY): string[] => [
  'Content-Type: application/json',
  `Content-Length: ${Buffer.byteLength(body)}`,
];

/** Raw requests to the gateway of a file: each right but for the oddity that a test adds. */
export function requestsTo(gateway: () => Gateway) {
  const clients: RawClient[] = [];
  const headers = () => ['Host: tollgate', `Authorization: Bearer ${gateway().key}`];
  const chatOf = (body: string | Buffer, ...extra: string[]) =>
    text([CHAT, ...headers(), ...json(body), ...extra], body);
  return {
    headers,
    chatOf,
    get: (target: string, ...extra: string[]) =>
      text([`GET ${target} HTTP/1.1`, ...headers(), ...extra]),
    chat: (...extra: string[]) => chatOf(JSON_BODY, ...extra),
    typed: (type: string) =>
      text(
        [CHAT, ...headers(), `Content-Type: ${type}`, `Content-Length: ${JSON_BODY.length}`],
        JSON_BODY,
      ),
    /** The head of a chunked request; its body is what the test makes of it. */
    chunked: (...extra: string[]) => [
      CHAT,
      ...headers(),
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
      ...extra,
    ],
    connect: (): RawClient => {
      const client = new RawClient(gateway().url);
      clients.push(client);
      return client;
    },
    clean: () => clients.splice(0).forEach((client) => client.leave()),
    /** The calls that reached an upstream, as the upstream saw them; balance checks apart. */
    reached: () => gateway().sandbox.witness.entries.filter(isCall),
  };
}

const isCall = (entry: WitnessEntry): boolean => entry.kind === 'received' && !isOwnAsk(entry);
