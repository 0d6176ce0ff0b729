import type { ControlPlane } from '../services/control-plane.ts';
import { askedCheck } from './asked/check.ts';
import { askedKey } from './asked/key-ref.ts';
import type { BatchValidateKeysRequest__Output } from './generated/tollgate/v1/BatchValidateKeysRequest.ts';
import type { BatchValidateKeysResponse } from './generated/tollgate/v1/BatchValidateKeysResponse.ts';
import type { GetKeyRequest__Output } from './generated/tollgate/v1/GetKeyRequest.ts';
import type { GetKeyResponse } from './generated/tollgate/v1/GetKeyResponse.ts';
import type { ValidateKeyRequest__Output } from './generated/tollgate/v1/ValidateKeyRequest.ts';
import type { ValidateKeyResponse } from './generated/tollgate/v1/ValidateKeyResponse.ts';
import type { WatchKeysRequest__Output } from './generated/tollgate/v1/WatchKeysRequest.ts';
import type { WatchKeysResponse } from './generated/tollgate/v1/WatchKeysResponse.ts';
import type { Unary, Watch } from './rpc.ts';
import { toldEach } from './told/each.ts';
import { toldJudgement } from './told/judgement.ts';
import { toldKeyChange } from './told/key-change.ts';
import { toldKey } from './told/key.ts';

export interface KeyServiceMethods {
  ValidateKey: Unary<ValidateKeyRequest__Output, ValidateKeyResponse>;
  BatchValidateKeys: Unary<BatchValidateKeysRequest__Output, BatchValidateKeysResponse>;
  GetKey: Unary<GetKeyRequest__Output, GetKeyResponse>;
  WatchKeys: Watch<WatchKeysRequest__Output, WatchKeysResponse>;
}

/** Virtual keys for services that let calls in themselves. */
export const keyService = ({ keyChecks, keyChanges }: ControlPlane): KeyServiceMethods => ({
  ValidateKey: (asked, { actor }) => toldJudgement(keyChecks.check(actor, askedCheck(asked))),

  BatchValidateKeys({ requests }, { actor }) {
    const judged = keyChecks.checkAll(actor, { requests: requests.map(askedCheck) });
    return { responses: judged.map(toldJudgement) };
  },

  GetKey: ({ key }, { actor }) => ({ key: toldKey(keyChecks.get(actor, { key: askedKey(key) })) }),

  WatchKeys: async ({ after }, { actor }) =>
    toldEach(await keyChanges.follow(actor, { after }), toldKeyChange),
});
