import { redirect } from '@sveltejs/kit';
import { readFormValues } from '#lib/contracts/outcome-form.ts';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { actionFailure, pageError } from '#lib/server/error-mapping.ts';
import {
  deleteOutcome,
  readRecordPage,
  recordFromForm,
  renewKey,
} from '#lib/server/services/outcomes/index.ts';
import { matchingPatterns } from '#lib/server/services/patterns/index.ts';
import type { Actions, PageServerLoad } from './$types';

const MATCHING = 3;

/** The form, empty or going on from the outcome that was saved (`saved`) or undone (`undone`) before. */
export const load: PageServerLoad = async (event) => {
  const ctx = await authorizePage(event, event.params.workspace, 'record');
  const { searchParams } = event.url;
  const page = await readRecordPage(ctx, {
    saved: searchParams.get('saved'),
    undone: searchParams.get('undone'),
    subject: searchParams.get('subject'),
    journeyId: searchParams.get('journey'),
  }).catch(pageError);
  const where = page.values.attributes
    .filter(({ value }) => value !== '')
    .map(({ key, value }) => `${key}:${value}`);
  return {
    ...page,
    // Whoever undoes in a row of records goes on with the row.
    values: { ...page.values, another: page.values.another || searchParams.has('another') },
    // Only a look aside: the form is there without it.
    matching: where.length === 0 ? null : await matchingPatterns(ctx, where, MATCHING).catch(() => null),
  };
};

export const actions: Actions = {
  record: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'record');
    const values = readFormValues(await event.request.formData());
    const base = `/w/${encodeURIComponent(ctx.workspace.slug)}/outcomes`;
    let saved: { id: string };
    try {
      await ctx.app.limits.write(ctx.actor.id ?? ctx.actor.name);
      saved = await recordFromForm(ctx, values);
    } catch (thrown) {
      return actionFailure(thrown, renewKey(thrown, values));
    }
    redirect(303, values.another ? `${base}/new?saved=${saved.id}` : `${base}?saved=${saved.id}`);
  },
  undo: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'record');
    const form = await event.request.formData();
    const id = String(form.get('id') ?? '');
    const another = form.get('another') === 'on' ? '&another=1' : '';
    await deleteOutcome(ctx, id).catch(pageError);
    redirect(303, `/w/${encodeURIComponent(ctx.workspace.slug)}/outcomes/new?undone=${id}${another}`);
  },
};
