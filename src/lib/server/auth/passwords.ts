import { hash, verify, type Options } from '@node-rs/argon2';

/** argon2id with OWASP's first choice: 19 MiB, two passes, one lane. */
const PARAMETERS: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };

/** Hash of a random password nobody knows, with the same parameters: so that an unknown e-mail costs as much work. */
const DUMMY =
  '$argon2id$v=19$m=19456,t=2,p=1$VvqnTcMIDCEMJp/WJxVvJA$Hu9qgaIjK8iDUadkumvHGNyt46t/mJ0AzPgaNPPfdFI';

export const hashPassword = (password: string): Promise<string> =>
  hash(password.normalize('NFKC'), PARAMETERS);

/** Takes the same time whether there is a hash or not. */
export async function verifyPassword(storedHash: string | null, password: string): Promise<boolean> {
  const matches = await verify(storedHash ?? DUMMY, password.normalize('NFKC'));
  return storedHash !== null && matches;
}
