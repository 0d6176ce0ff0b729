import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { bodyOf, editHead, setBody } from './edit.ts';
import type { Fault } from './fault.ts';

const COMPRESSORS = new Map<string, (bytes: Buffer) => Buffer>([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
]);

/** Faults of bodies in a coding that nobody asked for. */
export const compressedFaults: readonly Fault[] = [
  {
    name: 'gzip',
    description: 'A compressed body, whether or not it was asked for.',
    params: {
      coding: { default: 'gzip', about: 'the coding', oneOf: [...COMPRESSORS.keys()] },
      layers: { default: 1, about: 'times it is compressed' },
      drop: { default: 0, about: 'bytes missing at the end of what is compressed' },
    },
    script: (steps, params) => {
      const coding = params.text('coding');
      const compress = COMPRESSORS.get(coding);
      if (compress === undefined) return [...steps];
      const layers = params.number('layers');
      let bytes: Buffer = bodyOf(steps);
      for (let layer = 0; layer < layers; layer += 1) bytes = compress(bytes);
      const kept = bytes.subarray(0, bytes.length - params.number('drop'));
      return editHead(setBody(steps, kept), (headers) => ({
        ...headers,
        'content-encoding': [
          headers['content-encoding'] ?? [],
          Array.from({ length: layers }, () => coding),
        ]
          .flat(2)
          .join(', '),
      }));
    },
  },
  {
    name: 'gzip-bomb',
    description: 'A small compressed body that grows to the given size.',
    params: { bytes: { default: 100_000_000, about: 'size once unpacked' } },
    script: (steps, params) =>
      editHead(setBody(steps, gzipSync(Buffer.alloc(params.number('bytes'), ' '))), (headers) => ({
        ...headers,
        'content-encoding': 'gzip',
      })),
  },
];
