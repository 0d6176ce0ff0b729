import type { ServiceDefinition } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionV1Implementation } from '@grpc/reflection/build/src/implementations/reflection-v1.js';
import { ReflectionV1AlphaImplementation } from '@grpc/reflection/build/src/implementations/reflection-v1alpha.js';
import { readContract } from './protos.ts';
import type { Exchange } from './rpc.ts';
import { varintAt } from './wire.ts';

/**
 * Lets tools ask for the contract, to those who may ask anything at all. As it was compiled: made anew
 * from what is loaded, its files would not say what they import, which is why the standard's own of
 * health is not among them. The library knows the answers, and would write them however slowly they
 * are taken: it is asked like any service of ours.
 */
export function addReflection(add: (definition: ServiceDefinition, methods: object) => void): void {
  const contract = { fileDescriptorProtos: filesIn(readContract()) };
  const files = { contract } as unknown as PackageDefinition;
  for (const Version of [ReflectionV1Implementation, ReflectionV1AlphaImplementation]) {
    const library = new Version(files);
    const ServerReflectionInfo: Exchange<Question, unknown> = async function* (asked) {
      for await (const question of asked) yield library.handleServerReflectionRequest(question);
    };
    library.addToServer({ addService: (definition) => add(definition, { ServerReflectionInfo }) });
  }
}

type Question = Parameters<ReflectionV1Implementation['handleServerReflectionRequest']>[0];

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
