import { authorizePage } from '#lib/server/auth/authorize.ts';
import { actionFailure, pageError } from '#lib/server/error-mapping.ts';
import {
  chooseSearched,
  cutAttribute,
  declareBands,
  declareMode,
  listAttributes,
} from '#lib/server/services/attributes/index.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const ctx = await authorizePage(event, event.params.workspace, 'read');
  event.depends('telltale:attributes');
  return listAttributes(ctx).catch(pageError);
};

/** "30, 45; 60" as numbers; what is none becomes NaN, which the service refuses in words. */
const edgesFrom = (text: string): number[] =>
  text
    .split(/[;,\s]+/)
    .filter((part) => part !== '')
    .map(Number);

const labelsFrom = (text: string): string[] | undefined =>
  text.trim() === '' ? undefined : text.split(',').map((label) => label.trim());

export const actions: Actions = {
  cut: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'analyse');
    const attribute = String((await event.request.formData()).get('attribute') ?? '');
    try {
      await cutAttribute(ctx, attribute);
      return { done: `${attribute} gets its bins from the values seen so far.` };
    } catch (thrown) {
      return actionFailure(thrown, { action: 'cut' as const, attribute });
    }
  },
  bands: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'analyse');
    const form = await event.request.formData();
    const text = (name: string) => String(form.get(name) ?? '');
    const values = {
      action: 'bands' as const,
      attribute: text('attribute'),
      edges: text('edges'),
      labels: text('labels'),
    };
    try {
      await declareBands(ctx, values.attribute, {
        edges: edgesFrom(values.edges),
        labels: labelsFrom(values.labels),
      });
      return { done: `${values.attribute} gets its new bands; the log is counted anew.` };
    } catch (thrown) {
      return actionFailure(thrown, values);
    }
  },
  mode: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'analyse');
    const form = await event.request.formData();
    const attribute = String(form.get('attribute') ?? '');
    const mode = String(form.get('mode') ?? '');
    try {
      await declareMode(ctx, attribute, { mode });
      const how = mode === 'period' ? 'by period' : 'with outcomes of the same time';
      return { done: `Patterns of ${attribute} are compared ${how} from now on.` };
    } catch (thrown) {
      return actionFailure(thrown, { action: 'mode' as const, attribute });
    }
  },
  choose: async (event) => {
    const ctx = await authorizePage(event, event.params.workspace, 'analyse');
    const attributes = (await event.request.formData()).getAll('searched').map(String);
    try {
      const changed = await chooseSearched(ctx, { attributes });
      return {
        done: changed ? 'The log is counted anew with these attributes.' : 'These are searched already.',
      };
    } catch (thrown) {
      return actionFailure(thrown, { action: 'choose' as const, searched: attributes });
    }
  },
};
