import type { Command } from 'commander';

/** Where a command sends to, and as whom. */
export interface Target {
  /** Without a slash at the end. */
  url: string;
  key: string;
}

/** A mistake of whoever typed the command: the message is all there is to say. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Said at the terminal without a stack. */
  readonly expose = true;
}

export function addTargetOptions(command: Command): Command {
  return command
    .option('--url <address>', 'where Telltale runs (or TELLTALE_URL)', process.env['TELLTALE_URL'])
    .option(
      '--key <key>',
      'an API key of the workspace (or TELLTALE_API_KEY)',
      process.env['TELLTALE_API_KEY'],
    );
}

/** @throws UsageError */
export function targetOf(options: { url?: string; key?: string }): Target {
  const url = options.url ?? 'http://localhost:3000';
  if (!/^https?:\/\//u.test(url) || !URL.canParse(url)) {
    throw new UsageError(
      `${url} is no address. Write it with http:// or https://, such as http://localhost:3000.`,
    );
  }
  if (options.key === undefined || options.key === '') {
    throw new UsageError(
      'Give an API key: --key tt_… or TELLTALE_API_KEY. Make one with npm run api-key, or in the settings.',
    );
  }
  return { url: url.replace(/\/+$/u, ''), key: options.key };
}
