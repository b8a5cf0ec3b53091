/** What is planted in simulated data, so that everybody can check what Telltale finds. */
export interface PlantedTruth {
  kind: 'single' | 'pair' | 'triple' | 'decoy' | 'change';
  where: Readonly<Record<string, string | boolean>>;
  /** The odds of success are multiplied by this; 1: no effect of its own. */
  odds: number;
  /** For a change: the share of the history after which the odds are multiplied by 1 instead. */
  endsAfter: number | null;
  /** In words, for people. */
  says: string;
}

/** Without any planted effect, 12 % succeed. */
export const BASE_RATE = 0.12;
/** Of all outcomes, whatever their attributes. */
export const NEUTRAL_RATE = 0.04;

/** The truths of the preset "content". Attributes that are not named here have no effect. */
export const CONTENT_TRUTHS: readonly PlantedTruth[] = [
  {
    kind: 'single',
    where: { channel: 'email' },
    odds: 1.9,
    endsAfter: null,
    says: 'Readers who come by e-mail convert more often, whatever they read.',
  },
  {
    kind: 'pair',
    where: { headline: 'question', device: 'mobile' },
    odds: 2.2,
    endsAfter: null,
    says: 'A question as headline works on phones only.',
  },
  {
    kind: 'triple',
    where: { topic: 'guides', length: 'long', visitor: 'returning' },
    odds: 4,
    endsAfter: null,
    says: 'Long guides convert returning readers; each of the three alone does nothing.',
  },
  {
    kind: 'decoy',
    where: { featured: true },
    odds: 1,
    endsAfter: null,
    says: 'Featured pieces look good only because most of them are sent by e-mail.',
  },
  {
    kind: 'change',
    where: { channel: 'partner' },
    odds: 2.4,
    endsAfter: 0.6,
    says: 'Partners were a good channel for the first 60 % of the history, and then stopped being one.',
  },
];
