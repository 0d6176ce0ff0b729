/** A body that must be refused, and how. */
export interface BadBody {
  name: string;
  body: string | Buffer;
  param?: string;
  status?: number;
}

const PLAIN = '"messages":[{"role":"user","content":"Hi"}]';
const withFields = (fields: string) => `{${fields},${PLAIN}}`;
const WITH_MODEL = `{"model":"gpt-4o-mini",${PLAIN}}`;
const members = (count: number, name: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => `"${name(at)}":1`).join();

export const badJson: BadBody[] = [
  { name: 'nothing', body: '' },
  { name: 'garbage', body: 'hello' },
  { name: 'random bytes', body: Buffer.from([0, 255, 1, 254, 123]) },
  { name: 'a cut object', body: WITH_MODEL.slice(0, -3) },
  { name: 'two objects', body: `${WITH_MODEL}{}` },
  { name: 'a trailing comma', body: '{"model":"gpt-4o-mini",}' },
  { name: 'a comment', body: `/* */${WITH_MODEL}` },
  { name: 'NaN', body: withFields('"model":"gpt-4o-mini","temperature":NaN') },
  { name: 'a number', body: '42' },
  { name: 'an array', body: `[${WITH_MODEL}]` },
  { name: 'a string', body: JSON.stringify(WITH_MODEL) },
  { name: 'null', body: 'null' },
  {
    name: 'arrays nested 100,000 deep',
    body: withFields(`"model":"m","a":${'['.repeat(100_000)}`),
  },
  {
    name: 'objects nested 100,000 deep and closed again',
    body: `{"model":"m","a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
  },
  { name: 'a root nested 100,000 deep', body: '['.repeat(100_000) },
  { name: 'invalid UTF-8', body: Buffer.from(WITH_MODEL.replace('Hi', 'H\xff'), 'latin1') },
  { name: 'UTF-8 cut in a character', body: Buffer.from('{"model":"é').subarray(0, -1) },
  { name: 'a surrogate spelled in UTF-8', body: Buffer.from('{"model":"\xed\xa0\x80"}', 'latin1') },
  { name: 'UTF-16', body: Buffer.from(WITH_MODEL, 'utf16le') },
  { name: 'UTF-16 with its mark', body: Buffer.from(`\uFEFF${WITH_MODEL}`, 'utf16le') },
  { name: 'a byte order mark', body: `\uFEFF${WITH_MODEL}` },
  { name: '1,000,000 top-level members', body: `{"model":"m",${members(1e6, (at) => `k${at}`)}}` },
  {
    name: '1,000,000 nested members',
    body: withFields(`"model":"m","a":{${members(1e6, (at) => `k${at}`)}}`),
  },
  { name: 'no model', body: `{${PLAIN}}`, param: 'model' },
  { name: 'a null model', body: withFields('"model":null'), param: 'model' },
  { name: 'an empty model', body: withFields('"model":""'), param: 'model' },
  { name: 'a model that is a number', body: withFields('"model":4'), param: 'model' },
  { name: 'a model that is an array', body: withFields('"model":["gpt-4o-mini"]'), param: 'model' },
  { name: 'a model with a line break', body: withFields('"model":"a\\r\\nb"'), param: 'model' },
  { name: 'a model with a NUL', body: withFields('"model":"a\\u0000"'), param: 'model' },
  { name: 'a model of 5 MB', body: withFields(`"model":"${'m'.repeat(5e6)}"`), param: 'model' },
  {
    name: 'a model in __proto__ only',
    body: withFields('"__proto__":{"model":"gpt-4o-mini"}'),
    param: 'model',
  },
  {
    name: 'two models',
    body: withFields('"model":"gpt-4o-mini","model":"gpt-4o"'),
    param: 'model',
  },
  {
    name: 'two models, one spelled mod\\u0065l',
    body: withFields('"model":"gpt-4o-mini","mod\\u0065l":"gpt-4o"'),
    param: 'model',
  },
  {
    name: 'two stream flags',
    body: withFields('"model":"m","stream":false,"stream":true'),
    param: 'stream',
  },
  {
    name: 'two token limits',
    body: withFields('"model":"m","max_tokens":1,"max_tokens":9'),
    param: 'max_tokens',
  },
  ...['messages', 'tools', 'service_tier', 'providerOptions', 'input', 'deferred'].map((param) => ({
    name: `"${param}" twice`,
    body: `{"model":"gpt-4o-mini","${param}":[],"${param}":{}}`,
    param,
  })),
  ...['Model', 'STREAM', 'Max_Tokens', 'Service_Tier', 'provideroptions', 'me\u017f\u017fages'].map(
    (param) => ({
      name: `"${param}" in other letters`,
      body: withFields(`"model":"gpt-4o-mini","${param}":null`),
      param,
    }),
  ),
  {
    name: 'a model in other letters only',
    body: withFields('"Model":"gpt-4o-mini"'),
    param: 'Model',
  },
  {
    name: 'a model in other letters, spelled M\\u006fdel',
    body: withFields('"model":"gpt-4o-mini","M\\u006fdel":"gpt-4o"'),
    param: 'Model',
  },
  ...(
    [
      ['stream', '"true"'],
      ['stream', '1'],
      ['stream_options', '[]'],
      ['n', '1e9'],
      ['n', '0'],
      ['n', '"2"'],
      ['n', '1.5'],
      ['max_tokens', '-1'],
      ['max_tokens', '0'],
      ['max_tokens', '1.5'],
      ['max_tokens', '1e400'],
      ['max_completion_tokens', '-1'],
      ['max_output_tokens', 'true'],
    ] as const
  ).map(([param, value]) => ({
    name: `"${param}": ${value}`,
    body: withFields(`"model":"gpt-4o-mini","${param}":${value}`),
    param,
  })),
];

/** Odd, but JSON that says one thing: the upstream's to judge. */
export const oddJson: BadBody[] = [
  {
    name: 'lone surrogates in escapes',
    body: withFields('"model":"gpt-4o-mini","user":"\\ud800"'),
  },
  {
    name: '__proto__ and constructor',
    body: withFields(
      '"model":"gpt-4o-mini","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}',
    ),
  },
  {
    name: '__proto__ in an escape',
    body: withFields('"model":"gpt-4o-mini","\\u005f_proto__":{"polluted":1}'),
  },
  {
    name: '50,000 colliding keys',
    body: withFields(
      `"model":"gpt-4o-mini","metadata":{${members(50_000, (at) => String((at + 1) * 2 ** 24))}}`,
    ),
  },
  {
    name: 'a field twice, and in other letters, that decides nothing',
    body: withFields('"model":"gpt-4o-mini","user":"a","user":"b","User":"c"'),
  },
  { name: 'a number beyond every float', body: withFields('"model":"gpt-4o-mini","seed":1e999') },
];

export const BOUNDARY = 'a-boundary';
type Part = readonly [name: string, value: string, filename?: string];

/** A form as it is on the wire. */
export const form = (parts: readonly Part[]): string =>
  parts
    .map(([name, value, filename]) => {
      const file = filename === undefined ? '' : `; filename="${filename}"`;
      return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${value}\r\n`;
    })
    .join('') + `--${BOUNDARY}--\r\n`;

const FILE: Part = ['file', 'sound', 'a.mp3'];
const MODEL: Part = ['model', 'whisper-1'];
const many = (count: number): Part[] => Array.from({ length: count }, (_, at) => [`f${at}`, '1']);

export const badForms: BadBody[] = [
  { name: 'nothing', body: '' },
  { name: 'garbage', body: 'hello' },
  { name: 'JSON', body: WITH_MODEL },
  { name: 'another boundary', body: form([MODEL, FILE]).replaceAll(BOUNDARY, 'other') },
  { name: 'a form cut before its model', body: form([FILE, MODEL]).slice(0, 80) },
  { name: 'a form cut in its file', body: form([MODEL, FILE]).slice(0, -30) },
  { name: 'no model', body: form([FILE]), param: 'model' },
  { name: 'an empty model', body: form([['model', ''], FILE]), param: 'model' },
  {
    name: 'a model sent as a file',
    body: form([['model', 'whisper-1', 'm.txt'], FILE]),
    param: 'model',
  },
  { name: 'two models', body: form([MODEL, ['model', 'gpt-4o'], FILE]), param: 'model' },
  {
    name: 'a second model behind the file',
    body: form([MODEL, FILE, ['model', 'gpt-4o']]),
    param: 'model',
  },
  { name: '10,000 parts', body: form([...many(10_000), MODEL]) },
  {
    name: '10,000 files',
    body: form([...many(10_000).map(([name, value]) => [name, value, 'a'] as const), MODEL]),
  },
];

export const goodForms: BadBody[] = [
  { name: 'a model before the file', body: form([MODEL, FILE]) },
  { name: 'a model behind the file', body: form([FILE, MODEL]) },
  {
    name: 'a model behind a file of 2 MB',
    body: form([['file', 'x'.repeat(2e6), 'a.mp3'], MODEL]),
  },
  {
    name: 'a model before a file of 2 MB',
    body: form([MODEL, ['file', 'x'.repeat(2e6), 'a.mp3']]),
  },
  {
    name: 'a file name that climbs',
    body: form([MODEL, ['file', 'sound', '../../etc/passwd.mp3']]),
  },
  { name: 'a field named __proto__', body: form([['__proto__', 'x'], MODEL, FILE]) },
];
