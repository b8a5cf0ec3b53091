import { describe, expect, it } from 'vitest';
import type { SettingEntry } from '../../../../src/lib/domain/attributes/setting-entry.ts';
import type { LogFacts } from '../../../../src/lib/domain/outcomes/log-facts.ts';
import { openImage } from '../../../../src/lib/domain/patterns/fold-image.ts';
import { carryReplayOn, frozenReplays } from '../../../../src/lib/domain/patterns/prepared-replay.ts';
import { add, bytesOf, foldLog, INCREMENTS, retract, seeded, startFold, step } from '../fold-scripts.ts';

describe('a swap of many patterns', { timeout: 60_000 }, () => {
  it('reads the log once for all, and gives what a replay of each gives', () => {
    const random = seeded(5);
    const log: LogFacts[] = [];
    const facts = () =>
      Object.fromEntries(
        ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => [key, `${key}${Math.floor(random() ** 1.5 * 5)}`]),
      );
    const outcome = () => {
      const attributes = facts();
      return add(
        log.length + 1,
        random() < (attributes['a'] === 'a0' ? 0.6 : 0.2) ? 'success' : 'failure',
        attributes,
      );
    };
    for (let i = 0; i < 1_500; i += 1) log.push(outcome());
    const wrong = log.filter((_, i) => i % 25 === 7);
    for (const one of wrong) {
      log.push(retract(log.length + 1, one));
      log.push(outcome());
    }
    const settled = log.length;
    for (let i = 0; i < 60; i += 1) log.push(outcome());
    // What has another epoch, another mode or other blocks is among them.
    const settings: SettingEntry[] = [
      {
        kind: 'pattern.pin',
        payload: {
          conditions: ['a', 'b', 'c'].map((key) => ({ attribute: key, value: `${key}4` })),
        },
      },
      { kind: 'attribute.mode', payload: { attribute: 'c', mode: 'period' } },
      { kind: 'attribute.mode', payload: { attribute: 'd', mode: 'period' } },
      { kind: 'attribute.mode', payload: { attribute: 'd', mode: 'concurrent' } },
    ].map((setting, i) => ({ ...setting, effectiveAfter: 100 + 200 * i, ordinal: i + 1 }) as SettingEntry);
    const frozen = () =>
      foldLog(log.slice(0, settled), () => 900, startFold(settings, { trackedCap: 1_000 }));
    const swapped = (prepares: boolean) => {
      const fold = frozen();
      const work = prepares ? frozenReplays(fold.image) : null;
      if (work !== null) while (!carryReplayOn(work, fold.columns, INCREMENTS, () => false));
      const swap = {
        kind: 'evidence.swap' as const,
        payload: { through: settled },
        effectiveAfter: settled + 40,
        ordinal: 9,
      };
      return step(fold, log.slice(settled), [swap], work);
    };
    const due = openImage(frozen().image).frozenAt.filter((at) => at > 0).length;
    expect(due).toBeGreaterThan(400);
    const together = swapped(false);
    const alone = swapped(true);
    expect(Buffer.compare(bytesOf(together.image), bytesOf(alone.image))).toBe(0);
    expect(together.effects).toEqual(alone.effects);
    const view = openImage(together.image);
    expect(view.epochAt.some((at) => at > 0)).toBe(true);
    expect(view.phased.some((phased) => phased > 0)).toBe(true);
  });
});
