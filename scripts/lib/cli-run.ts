import { CommanderError } from 'commander';
import { ApiError } from './cli-api.ts';
import { UsageError } from './cli-target.ts';

/** Runs a command: expected mistakes are one line on stderr, anything else shows where it happened. */
export async function runCommand(work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      process.exitCode = thrown.exitCode;
      return;
    }
    const expected =
      thrown instanceof UsageError ||
      thrown instanceof ApiError ||
      (thrown instanceof Error &&
        (('expose' in thrown && thrown.expose === true) || thrown.name === 'AppError'));
    process.stderr.write(
      `${expected ? (thrown as Error).message : String(thrown instanceof Error ? thrown.stack : thrown)}\n`,
    );
    process.exitCode = 1;
  }
}

export const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

export const counted = (count: number): string => count.toLocaleString('en');
