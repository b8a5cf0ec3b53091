import { CHANGE_MEAN_OUTCOMES_TO_FALSE_ALARM } from './detect-change.ts';
import { FALSE_DISCOVERY_RATE } from './online-e-bh.ts';

/**
 * When evidence becomes an alert (STATISTICS §5, §6): one table. Outcomes are the pattern's own since its epoch
 * began; every rule is evaluated only when a block of the pattern closes. In period mode that is every outcome.
 */
export const ALERT_RULES = {
  /** "Confidence ≥ 0.8": each pattern by itself, not corrected for how many there are. */
  emerging: { minimumConfidence: 0.8, lostBelowConfidence: 0.5, minimumOutcomes: 5 },
  /** Online e-BH; once per epoch, one alert per cluster. */
  confirmed: { falseDiscoveryRate: FALSE_DISCOVERY_RATE, minimumOutcomes: 10 },
  /** "p ≤ 0.05", always valid. */
  significant: { maximumPValue: 0.05, minimumOutcomes: 10 },
  /** "Confidence moved by more than 0.10". */
  moved: {
    minimumMove: 0.1,
    minimumConfidence: 0.5,
    minimumOutcomes: 10,
    minimumOutcomesSinceReference: 10,
    /** The wait grows with the pattern: this share of its outcomes, where that is more. */
    minimumShareSinceReference: 0.1,
  },
  change: { meanOutcomesToFalseAlarm: CHANGE_MEAN_OUTCOMES_TO_FALSE_ALARM, minimumOutcomes: 50 },
} as const;
