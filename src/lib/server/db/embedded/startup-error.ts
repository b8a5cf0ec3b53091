import { StartupError } from '../../errors.ts';

export { StartupError };

export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Turns what the file system says about `place` into words; anything else passes through. */
export function explainFileError(error: unknown, place: string): unknown {
  switch (errorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return noSpace(place, error);
    case 'EACCES':
    case 'EPERM':
      return new StartupError(
        `Telltale may not write to ${place}.\nGive this user the right to, or choose another folder with TELLTALE_DATA.`,
        { cause: error },
      );
    case 'EROFS':
      return new StartupError(
        `${place} is on a read-only disk.\nChoose another folder with TELLTALE_DATA, or a server with DATABASE_URL.`,
        { cause: error },
      );
    case 'ENOTDIR':
    case 'EEXIST':
      return new StartupError(
        `${place} cannot be a folder, because a file is in the way.\nChoose another folder with TELLTALE_DATA.`,
        { cause: error },
      );
    default:
      return error;
  }
}

export function noSpace(place: string, cause?: unknown): StartupError {
  return new StartupError(
    `The disk that holds ${place} is full.\nFree some space and start again; the data is untouched.`,
    { cause },
  );
}
