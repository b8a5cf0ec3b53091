import { AppError } from '../../errors.ts';

/** The key of this form belongs to an outcome that is saved already, with other content. */
export class AlreadySavedError extends AppError {
  constructor(cause: unknown) {
    super(
      'CONFLICT',
      'What was in this form before is saved already; correct it in the list of outcomes. To record this as another outcome, save again.',
      { cause },
    );
  }
}
