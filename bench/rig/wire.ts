/**
 * Every byte of the benchmark's traffic, written once: what the OpenAI SDK sends, what OpenAI behind its
 * CDN answers. The C and the Node rig read these from files, so that both speak exactly the same.
 */

/** `bench-stream-<count>x<milliseconds>` near the start of a body makes the mock stream. */
export interface StreamShape {
  readonly chunks: number;
  readonly paceMs: number;
}

const CLIENT_HEADERS = [
  'connection: keep-alive',
  'accept: application/json',
  'user-agent: OpenAI/JS 7.55.0',
  'x-stainless-retry-count: 0',
  'x-stainless-timeout: 600',
  'x-stainless-lang: js',
  'x-stainless-package-version: 7.55.0',
  'x-stainless-os: Linux',
  'x-stainless-arch: x64',
  'x-stainless-runtime: node',
  'x-stainless-runtime-version: v26.10.0',
  'openai-organization: org-benchmark',
  'openai-project: proj_benchmark',
  'content-type: application/json',
  'accept-language: *',
  'sec-fetch-mode: cors',
  'accept-encoding: gzip, deflate',
];

const UPSTREAM_HEADERS = [
  'date: Sat, 21 Nov 2026 09:00:00 GMT',
  'connection: keep-alive',
  'access-control-expose-headers: X-Request-ID',
  'openai-organization: org-benchmark',
  'openai-processing-ms: 312',
  'openai-project: proj_benchmark',
  'openai-version: 2020-10-01',
  'x-envoy-upstream-service-time: 330',
  'x-ratelimit-limit-requests: 30000000',
  'x-ratelimit-limit-tokens: 1500000000',
  'x-ratelimit-remaining-requests: 29999999',
  'x-ratelimit-remaining-tokens: 1499999900',
  'x-ratelimit-reset-requests: 2ms',
  'x-ratelimit-reset-tokens: 0s',
  'x-request-id: req_0123456789abcdef0123456789abcdef',
  'x-openai-proxy-wasm: v0.1',
  'cf-cache-status: DYNAMIC',
  'set-cookie: __cf_bm=benchmark; path=/; domain=.api.openai.com; HttpOnly; Secure; SameSite=None',
  'set-cookie: _cfuvid=benchmark; path=/; domain=.api.openai.com; HttpOnly; Secure; SameSite=None',
  'strict-transport-security: max-age=31536000; includeSubDomains; preload',
  'x-content-type-options: nosniff',
  'server: cloudflare',
  'cf-ray: 0123456789abcdef-FRA',
  'alt-svc: h3=":443"; ma=86400',
];

/** Tokens of one reply or stream, as the mock reports them. */
export const USAGE = { prompt_tokens: 92, completion_tokens: 25, total_tokens: 117 };

const QUESTION =
  'A customer writes that the parcel with the order number 4711-0815 has not arrived although the carrier ' +
  'says that it was handed over to a neighbour on Tuesday afternoon. Please write a short and friendly answer, ask for the name of the ' +
  'neighbour who may have taken the parcel in, and say that we look into it with the carrier within two working days.';

function messages(extraBytes: number): readonly object[] {
  const system = `You are the support desk of a shop. ${'Context from earlier tickets. '.repeat(Math.ceil(extraBytes / 30))}`;
  return [
    { role: 'system', content: extraBytes > 0 ? system : 'You are the support desk of a shop.' },
    { role: 'user', content: QUESTION },
  ];
}

/** A small request of about 530 bytes; with `extraBytes` a large one that names its model last. */
export function jsonRequestBody(extraBytes = 0): string {
  const rest = { messages: messages(extraBytes), temperature: 0.2, max_tokens: 256, n: 1 };
  const model = 'gpt-4o-mini';
  return JSON.stringify(extraBytes > 0 ? { ...rest, model } : { model, ...rest });
}

export function streamRequestBody(shape: StreamShape): string {
  return JSON.stringify({
    model: 'gpt-4o-mini',
    user: `bench-stream-${shape.chunks}x${shape.paceMs}`,
    messages: messages(0),
    stream: true,
    stream_options: { include_usage: true },
  });
}

/** A whole HTTP/1.1 request to `/v1/chat/completions`. `headers` are added as they are. */
export function requestBytes(body: string, port: number, headers: readonly string[]): string {
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    ...CLIENT_HEADERS,
    ...headers,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** The 641 bytes every non-streaming request gets. */
export const REPLY_BODY = JSON.stringify({
  id: 'chatcmpl-0123456789abcdefghijklmnopqrs',
  object: 'chat.completion',
  created: 1795251600,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content:
          'Thank you for writing to us, and sorry for the long wait! Can you now tell us who may have taken this parcel in?',
        refusal: null,
        annotations: [],
      },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    ...USAGE,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  },
  service_tier: 'default',
  system_fingerprint: 'fp_0123456789',
});

function replyHead(contentType: string, framing: string): string {
  return ['HTTP/1.1 200 OK', `content-type: ${contentType}`, ...UPSTREAM_HEADERS, framing].join(
    '\r\n',
  );
}

export const REPLY = `${replyHead('application/json', `content-length: ${Buffer.byteLength(REPLY_BODY)}`)}\r\n\r\n${REPLY_BODY}`;

export const STREAM_HEAD = `${replyHead('text/event-stream; charset=utf-8', 'transfer-encoding: chunked')}\r\n\r\n`;

function event(choices: readonly object[], usage: object | null): string {
  const json = JSON.stringify({
    id: 'chatcmpl-0123456789abcdefghijklmnopqrs',
    object: 'chat.completion.chunk',
    created: 1795251600,
    model: 'gpt-4o-mini-2024-07-18',
    system_fingerprint: 'fp_0123456789',
    choices,
    usage,
  });
  return `data: ${json}\n\n`;
}

const framed = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

const CHUNK_EVENT = event(
  [{ index: 0, delta: { content: ' friendly' }, finish_reason: null }],
  null,
);
const TAIL_EVENTS = [
  event([{ index: 0, delta: {}, finish_reason: 'stop' }], null),
  event([], USAGE),
  'data: [DONE]\n\n',
];

/** One chunk and the end of a stream, framed as HTTP chunks. */
export const STREAM_CHUNK = framed(CHUNK_EVENT);
export const STREAM_TAIL = `${TAIL_EVENTS.map(framed).join('')}0\r\n\r\n`;

/** Events in one stream of this shape, those of the tail included. */
export const eventsPerStream = (shape: StreamShape): number => shape.chunks + TAIL_EVENTS.length;

/** The body a client must have read at the end of a stream, without HTTP framing. */
export const streamBody = (shape: StreamShape): string =>
  CHUNK_EVENT.repeat(shape.chunks) + TAIL_EVENTS.join('');
