import type { Context } from '../../context.ts';
import { forbidden } from '../../errors.ts';
import type { OutcomeRow } from './outcome-row.ts';

/** Simulated and real outcomes never share a workspace. @throws AppError FORBIDDEN */
export function requireRightSource(ctx: Context, source: OutcomeRow['source']): void {
  if (ctx.workspace.simulated && source !== 'simulator') {
    throw forbidden(
      'This workspace holds simulated data; only the simulator records here. Use another workspace for real outcomes.',
    );
  }
  if (!ctx.workspace.simulated && source === 'simulator') {
    throw forbidden('The simulator records only in workspaces that are marked simulated.');
  }
}
