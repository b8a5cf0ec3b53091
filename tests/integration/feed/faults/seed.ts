import { seededRandom } from '../../../support/seeded-random.ts';

/**
 * FAULTS_SEED repeats a run's choices; FAULTS_SCALE makes it longer and larger, which is what `npm run bench -- faults`
 * does.
 */
export const scale = Number(process.env['FAULTS_SCALE'] ?? 1);
const given = process.env['FAULTS_SEED'];
const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
console.info(`faults: FAULTS_SEED=${seed} FAULTS_SCALE=${scale}`);

/** A stream of choices of its own for each purpose, so that one does not disturb the other. */
export const choices = (purpose: string): (() => number) =>
  seededRandom([...purpose].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, seed));

export const among = <T>(items: readonly T[], random: () => number): T => {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('There is nothing to choose from.');
  return item;
};
