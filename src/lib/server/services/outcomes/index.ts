export { correctOutcome } from './correct.ts';
export { deleteOutcome } from './delete.ts';
export { getOutcome } from './get.ts';
export { listOutcomes, listOwnOutcomes } from './list.ts';
export { recordOutcomes, recordOutcomesOnce, type RecordOptions } from './record.ts';
export { restoreOutcome } from './restore.ts';
export { toOutcomeView } from './outcome-row.ts';
export { parseWhen, formatWhen } from './parse-when.ts';
export { readOutcomeForm, type OutcomeFormValues } from './read-form.ts';
