import { z } from 'zod';
import { credential } from '../config/credential-schema.ts';
import { reference } from './fields.ts';

const SECRET_CHARS_MAX = 4096;
const REFERENCE = 'os.environ/';

const { name, provider, base_url, weight, priority, rpm, tpm, models } = credential.shape;

/** What goes into a header as it is. */
const secret = z
  .string()
  .trim()
  .min(1)
  .max(SECRET_CHARS_MAX)
  .regex(/^[\x21-\x7e]*$/, 'must be printable ASCII without spaces')
  .refine((text) => !text.startsWith(REFERENCE), {
    error: 'must be the secret itself: the environment is read for the configuration alone',
  });

/** As `tollgate.yaml` has it, in the names of the control plane. */
const settings = {
  weight,
  priority,
  rpmLimit: rpm,
  tpmLimit: tpm,
  models: models.nullable().transform((list) => list ?? null),
};

export const addInput = z.strictObject({
  /** Id or name; a user's own unless given, which is made for the first one. */
  pool: reference.optional(),
  name,
  provider,
  secret,
  baseUrl: base_url,
  ...settings,
});

/**
 * Absent fields stay as they are; null lifts a limit or a list of models. A secret is sent where it
 * was meant for and nowhere else: who changes the place gives it again.
 */
export const updateInput = z
  .strictObject({
    name: name.optional(),
    secret: secret.optional(),
    baseUrl: base_url,
    weight: weight.unwrap().optional(),
    priority: priority.unwrap().optional(),
    rpmLimit: rpm.optional(),
    tpmLimit: tpm.optional(),
    models: models.nullable(),
  })
  .refine((given) => given.baseUrl === undefined || given.secret !== undefined, {
    path: ['secret'],
    error: 'has to be given again with another baseUrl',
  });

/** Either one that is stored, or what one would be made of. */
export const testInput = z.union(
  [
    z.strictObject({ credential: reference }),
    z.strictObject({ provider, secret, baseUrl: base_url }),
  ],
  { error: 'give either credential, or provider and secret' },
);

export const selectInput = z.strictObject({ credential: reference });

export type AddCredentialInput = z.input<typeof addInput>;
export type UpdateCredentialInput = z.input<typeof updateInput>;
export interface TestCredentialInput {
  credential?: string;
  provider?: string;
  secret?: string;
  baseUrl?: string;
}
export type WantedCredential = Omit<z.output<typeof addInput>, 'pool'>;
