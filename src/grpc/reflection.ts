import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import type { Server } from '@grpc/grpc-js';
import { readContract } from './protos.ts';

/**
 * Lets tools ask for the contract, to those who may ask anything at all. As it was compiled: made anew
 * from what is loaded, its files would not say what they import, which is why the standard's own of
 * health is not among them.
 */
export function addReflection(server: Server): void {
  const contract = { fileDescriptorProtos: filesIn(readContract()) };
  new ReflectionService({ contract } as unknown as PackageDefinition).addToServer(server);
}

/** Field 1, with its length before it: all there is in a set of files. */
const FILE = 0x0a;

/** The files of a `google.protobuf.FileDescriptorSet`, each as it was written. */
function filesIn(set: Buffer): Buffer[] {
  const files: Buffer[] = [];
  for (let at = 0; at < set.length;) {
    if (set[at] !== FILE) throw new Error('the contract is no set of files');
    const { value: length, end } = varintAt(set, at + 1);
    at = end + length;
    files.push(set.subarray(end, at));
  }
  return files;
}

function varintAt(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start, shift = 1; ; at += 1, shift *= 128) {
    const byte = bytes.readUInt8(at);
    value += (byte & 0x7f) * shift;
    if (byte < 0x80) return { value, end: at + 1 };
  }
}
