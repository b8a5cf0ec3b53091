import { z } from 'zod';
import { plainLabel } from '#lib/domain/attributes/bin-label.ts';

export const ROLES = ['viewer', 'recorder', 'analyst', 'admin'] as const;
export const SCOPES = ['read', 'record', 'manage'] as const;
export const WORKSPACE_PRESETS = ['content', 'trading', 'bookings'] as const;
export const MIN_PASSWORD = 10;
export const MAX_PASSWORD = 200;

export const roleSchema = z.enum(ROLES, 'Choose viewer, recorder, analyst or admin.');
export const presetSchema = z.enum(WORKSPACE_PRESETS, 'Choose content, trading or bookings.');

/** Trimmed and in lower case, so that one person is one address. */
export const emailSchema = z
  .string('Enter an e-mail address, such as ana@example.org.')
  .trim()
  .toLowerCase()
  .max(254, 'An e-mail address has at most 254 characters.')
  .pipe(z.email('Enter an e-mail address, such as ana@example.org.'));

export const personNameSchema = z
  .string('Enter a name.')
  .trim()
  .min(1, 'Enter a name, as others should see it.')
  .max(80, 'At most 80 characters.');

export const newPasswordSchema = z
  .string('Enter a password.')
  .min(MIN_PASSWORD, `At least ${MIN_PASSWORD} characters; a few words in a row work well.`)
  .max(MAX_PASSWORD, `At most ${MAX_PASSWORD} characters.`)
  .refine((password) => new Set(password).size >= 5, 'Use at least five different characters.');

export const workspaceNameSchema = z
  .string('Enter a name.')
  .trim()
  .min(1, 'Enter a name, such as Term deposit calls.')
  .max(80, 'At most 80 characters.');

/** A zone of the IANA list as this runtime knows it. */
export function isTimezone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return zone !== '';
  } catch (thrown) {
    if (thrown instanceof RangeError) return false;
    throw thrown;
  }
}

export const timezoneSchema = z
  .string('Choose a time zone.')
  .trim()
  .max(64)
  .refine(isTimezone, 'Choose a time zone of the list, such as Europe/Lisbon.');

export const workspaceSlugSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/, 'Small letters, digits and hyphens, at most 48.');

export const workspaceInputSchema = z.object({
  name: workspaceNameSchema,
  preset: presetSchema,
  timezone: timezoneSchema,
});
export type WorkspaceInput = z.infer<typeof workspaceInputSchema>;

export const workspacePatchSchema = workspaceInputSchema.pick({ name: true, timezone: true });

export const accountInputSchema = z.object({
  name: personNameSchema,
  email: emailSchema,
  password: newPasswordSchema,
});
export type AccountInput = z.infer<typeof accountInputSchema>;

/** The admin and the first workspace, from one form. */
export const setupInputSchema = accountInputSchema.extend({
  workspace: workspaceNameSchema,
  preset: presetSchema,
  timezone: timezoneSchema,
});
export type SetupInput = z.infer<typeof setupInputSchema>;

export const loginInputSchema = z.object({
  email: z
    .string()
    .trim()
    .toLowerCase()
    .min(1, 'Enter your e-mail address.')
    .max(254, 'Enter your e-mail address.'),
  password: z.string().min(1, 'Enter your password.').max(1_000, 'That is longer than any password here.'),
});

export const passwordChangeSchema = z.object({
  current: z.string().min(1, 'Enter your current password.').max(1_000, 'That is not your password.'),
  password: newPasswordSchema,
});

export const invitationInputSchema = z.object({ email: emailSchema, role: roleSchema });

export const apiKeyInputSchema = z.object({
  name: z
    .string('Enter a name.')
    .trim()
    .min(1, 'Name what will use it, such as Nightly import.')
    .max(80, 'At most 80 characters.'),
  scopes: z.array(z.enum(SCOPES, 'Scopes are read, record and manage.')).min(1, 'Choose at least one scope.'),
});

/** Declared bands of a number: inner edges, ascending, and perhaps a name for each band. */
export const bandsInputSchema = z
  .object({
    edges: z
      .array(
        z
          .number('Edges are numbers, such as 30, 45, 60.')
          .refine(Number.isFinite, 'Edges are finite numbers.'),
      )
      .min(1, 'Enter at least one edge, such as 30.')
      .max(63, 'At most 63 edges.'),
    labels: z
      .array(z.string().trim().min(1, 'A name is missing.').max(60, 'At most 60 characters a name.'))
      .optional(),
  })
  .superRefine(({ edges, labels }, context) => {
    const unordered = edges.findIndex((edge, i) => i > 0 && edge <= (edges[i - 1] ?? edge));
    if (unordered > 0) {
      const message = `Edges rise from left to right; ${edges[unordered]} does not.`;
      context.addIssue({ code: 'custom', path: ['edges'], message });
    }
    if (labels !== undefined && labels.length !== edges.length + 1) {
      const message = `${edges.length} edges make ${edges.length + 1} bands, and there are ${labels.length} names.`;
      context.addIssue({ code: 'custom', path: ['labels'], message });
    }
    if (labels !== undefined && new Set(labels.map(plainLabel)).size !== labels.length) {
      const message = 'Two bands have the same name. Blanks and the kind of dash do not tell names apart.';
      context.addIssue({ code: 'custom', path: ['labels'], message });
    }
  });
export type BandsInput = z.infer<typeof bandsInputSchema>;

export const MAX_SEARCHED = 16;
