import { redirect } from '@sveltejs/kit';
import { readFormValues } from '#lib/contracts/outcome-form.ts';
import { authorizePage } from '#lib/server/auth/authorize.ts';
import { actionFailure, pageError } from '#lib/server/error-mapping.ts';
import {
  correctFromForm,
  deleteOutcome,
  formAttributes,
  formFromOutcome,
  getOutcome,
  restoreOutcome,
} from '#lib/server/services/outcomes/index.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  await event.parent();
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  event.depends('telltale:outcome');
  const [outcome, attributes] = await Promise.all([
    getOutcome(ctx, event.params.id),
    formAttributes(ctx),
  ]).catch(pageError);
  return {
    outcome,
    attributes,
    values: formFromOutcome(ctx, attributes, outcome),
    changed: event.url.searchParams.get('changed'),
  };
};

const revisionOf = (data: FormData): number | undefined => {
  const revision = Number(data.get('revision'));
  return Number.isSafeInteger(revision) && revision > 0 ? revision : undefined;
};

export const actions: Actions = {
  correct: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'record');
    const data = await event.request.formData();
    const values = readFormValues(data);
    const { id } = event.params;
    const seen = revisionOf(data);
    let revision: number;
    try {
      await ctx.app.limits.write(ctx.actor.id ?? ctx.actor.name);
      revision = (await correctFromForm(ctx, id, values, seen)).revision;
    } catch (thrown) {
      // Whoever reads that somebody was faster and saves again means it.
      const now = await getOutcome(ctx, id).catch(pageError);
      return actionFailure(thrown, { ...values, revision: now.revision });
    }
    redirect(303, `${event.url.pathname}?changed=${revision === seen ? 'nothing' : 'corrected'}`);
  },
  delete: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'record');
    try {
      await deleteOutcome(ctx, event.params.id);
    } catch (thrown) {
      return actionFailure(thrown, null);
    }
    redirect(303, `${event.url.pathname}?changed=deleted`);
  },
  restore: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'record');
    try {
      await restoreOutcome(ctx, event.params.id);
    } catch (thrown) {
      return actionFailure(thrown, null);
    }
    redirect(303, `${event.url.pathname}?changed=restored`);
  },
};
