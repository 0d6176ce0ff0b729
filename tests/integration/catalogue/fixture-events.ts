// What the bytes of an answer say, read without the product.

export const DONE = 'data: [DONE]\n\n';

/** The body as latin1, so that every byte shows. */
export async function textOf(
  response: Response,
  onText: (text: string) => void = () => undefined,
): Promise<string> {
  let text = '';
  for await (const bytes of response.body ?? []) {
    text += Buffer.from(bytes).toString('latin1');
    onText(text);
  }
  return text;
}

/** Without what differs from call to call. */
export const plain = (text: string): string =>
  text
    .replaceAll(/(?<=_sandbox_|-sandbox-)\d+/g, 'N')
    .replaceAll(/(?<="created(?:_at)?":)\d+/g, '0');

export const withoutUsage = (text: string): string =>
  text.replaceAll(/data: \{(?:(?!\n\n).)*"choices":\[\],"usage":\{.*\}\n\n/g, '');

interface Chunk {
  error?: { code: string };
  usage?: object | null;
  choices?: { delta?: Said; message?: Said }[];
}
interface Said {
  content?: string | null;
  refusal?: string | null;
}

/** The JSON of each event that has any, or of the whole answer. */
export function eventsOf(text: string): Chunk[] {
  const said = Buffer.from(text, 'latin1').toString('utf8');
  if (said.startsWith('{')) return [JSON.parse(said) as Chunk];
  const data = said.split('\n\n').flatMap((event) => /^data: (\{.*\})$/m.exec(event)?.[1] ?? []);
  return data.map((json) => JSON.parse(json) as Chunk);
}
