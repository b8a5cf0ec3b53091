import type { SubmitFunction } from '@sveltejs/kit';
import { tick } from 'svelte';
import { goto } from '$app/navigation';
import { navigating } from '$app/state';
import { focusFirstFault } from '#lib/components/ui/first-fault.ts';
import { toastSaved } from '#lib/components/ui/toast.ts';
import type { JourneyList, JourneyView } from '#lib/contracts/journey.ts';
import { readFormFields } from '#lib/contracts/outcome-form-fields.ts';
import { readFormValues, type OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';
import type { Issue } from '#lib/contracts/problem.ts';
import { counted } from '#lib/format/count.ts';
import { resultLabel } from '#lib/format/result.ts';
import type { OfflineQueue, Recorded, Trouble, UnsentOutcome } from '#lib/live/offline/index.ts';
import { isBegun, newKey, nextValues } from './form-values.ts';
import { resultOf } from './unsent-words.ts';
import { askFor, journeysAddress, matchingAddress } from './suggestions.ts';

export interface Matching {
  total: number;
  items: PatternView[];
}

interface Options {
  workspace: () => string;
  /** Changes when another outcome is to be filled in. */
  sheet: () => string;
  /** The subject that the form was rendered with. */
  subject: () => string;
  /** The newest open journeys, as the page came; `complete`: there are no more. */
  journeys: () => { items: JourneyView[]; complete: boolean };
  matching: () => Matching | null;
  /** The outcomes page of the workspace. */
  base: () => string;
  queue: OfflineQueue;
}

/** What this page put into the form in place of what came from the server. */
interface Own {
  /** The sheet that it belongs to. */
  sheet: string;
  /** Another number, another form. */
  turn: number;
  values: OutcomeFormValues;
  /** The unsent outcome that is edited, by its place. */
  edits: number | null;
  problem: { message: string; issues: readonly Issue[] } | null;
}

const ATTENTION = 'Nothing was saved: some fields need attention.';

const ASK_AFTER_MS = 250;

/** What is saved under a key stays as it is; recorded from the form after all, it is another outcome. */
const withKeyFor = (trouble: Trouble | null, values: OutcomeFormValues): OutcomeFormValues =>
  trouble?.kind === 'saved-before' ? { ...values, once: newKey() } : values;

const inWords = ({ result, subject }: OutcomeFormValues): string => {
  const chosen = resultOf(result);
  return [chosen === null ? null : resultLabel(chosen), subject.trim()].filter(Boolean).join(', ');
};

/** Whether the form is still before the person, also after a navigation that is under way. */
async function stays(form: HTMLFormElement): Promise<boolean> {
  if (navigating.complete !== null) await Promise.allSettled([navigating.complete]);
  return form.isConnected;
}

/**
 * What the record form does besides being a form: looks up the subject's journeys and the patterns it counts in, and
 * keeps what is recorded in this browser until it is sent.
 */
export class RecordForm {
  readonly #options: Options;
  #typed = $state<{ sheet: string; subject: string } | null>(null);
  #found = $state.raw<{ subject: string; items: JourneyView[] } | null>(null);
  #matching = $state.raw<{ basis: Matching | null; value: Matching | null } | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;
  #own = $state.raw<Own | null>(null);
  /** What was begun before an unsent outcome was taken into the form. */
  #draft: OutcomeFormValues | null = null;
  /** The sheet that waits for an answer. */
  #asking = $state<string | null>(null);
  /** The form, while it is there. */
  element = $state.raw<HTMLFormElement>();
  /** The server did not answer; what is typed stays. */
  unsent = $state(false);

  constructor(options: Options) {
    this.#options = options;
  }

  get own(): Own | null {
    return this.#own?.sheet === this.#options.sheet() ? this.#own : null;
  }
  /** Changes when another outcome is to be filled in, whoever says so. */
  get sheet(): string {
    return `${this.#options.sheet()}#${this.own?.turn ?? 0}`;
  }

  /** An answer is awaited, which decides what becomes of the form: what is typed meanwhile would be lost. */
  get busy(): boolean {
    return this.#asking === this.sheet;
  }

  get subject(): string {
    const typed = this.#typed?.sheet === this.sheet ? this.#typed.subject : null;
    return (typed ?? this.#options.subject()).trim();
  }

  get journeys(): JourneyView[] {
    return this.#found?.subject === this.subject ? this.#found.items : this.#options.journeys().items;
  }

  get matching(): Matching | null {
    const basis = this.#options.matching();
    return this.#matching !== null && this.#matching.basis === basis ? this.#matching.value : basis;
  }

  onInput = (event: Event & { currentTarget: HTMLFormElement }): void => {
    const form = event.currentTarget;
    const field = event.target;
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) return;
    clearTimeout(this.#timer);
    if (field.name === 'subject') {
      this.#typed = { sheet: this.sheet, subject: field.value };
      if (!this.#options.journeys().complete)
        this.#timer = setTimeout(() => void this.#findJourneys(), ASK_AFTER_MS);
    } else if (field.dataset['attribute'] !== undefined) {
      this.#timer = setTimeout(() => void this.#findMatching(form), ASK_AFTER_MS);
    }
  };

  onKey = (event: KeyboardEvent & { currentTarget: HTMLFormElement }): void => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return;
    event.preventDefault();
    event.currentTarget.requestSubmit();
  };

  /** Keeps what was typed whatever happens, and goes to the first field that needs attention. */
  submit: SubmitFunction = ({ formElement, formData, cancel }) => {
    if (this.busy) return cancel();
    const asking = (this.#asking = this.sheet);
    const finish = () => {
      if (this.#asking === asking) this.#asking = null;
    };
    if (this.#options.queue.ready) {
      cancel();
      void this.#record(formElement, readFormValues(formData), finish);
      return;
    }
    return async ({ result, update }) => {
      // An error is the network's or ours: the error page would take the form and what is in it away.
      this.unsent = result.type === 'error';
      if (result.type !== 'error') await update({ reset: false });
      finish();
      if (result.type !== 'failure') return;
      await tick();
      focusFirstFault(formElement);
    };
  };

  async #record(form: HTMLFormElement, values: OutcomeFormValues, finish: () => void): Promise<void> {
    const { queue } = this.#options;
    const edits = this.own?.edits ?? null;
    let recorded: Recorded;
    try {
      recorded = await queue.record(values, edits);
    } catch (thrown) {
      // The disk is full, or the store gone: the form posts as it does without a script.
      console.warn(thrown);
      finish();
      if (form.isConnected) form.requestSubmit();
      return;
    }
    try {
      await this.#goOn(form, values, edits, recorded);
      this.unsent = false;
    } catch (thrown) {
      console.error(thrown);
      this.unsent = true;
    } finally {
      finish();
    }
  }

  async #goOn(
    form: HTMLFormElement,
    values: OutcomeFormValues,
    edits: number | null,
    recorded: Recorded,
  ): Promise<void> {
    const { queue, base } = this.#options;
    const isHere = await stays(form);
    if (recorded.kind === 'held') {
      // Its form has gone, and with it whom to tell: it stays among those that wait to be looked at.
      if (!isHere) return;
      const { trouble, entry } = recorded;
      // The form has it again; only one that was taken from those that wait stays there.
      if (edits === null) await queue.discard(entry.seq);
      await this.#refuse(form, withKeyFor(trouble, values), {
        message: trouble.message,
        issues: trouble.issues,
      });
    } else if (recorded.kind === 'kept') {
      await this.#keptHere(form, values, edits, isHere);
    } else if (!isHere || (edits !== null && this.#draft !== null)) {
      toastSaved({ message: inWords(values), detail: 'Saved; counted in a moment' });
      if (isHere) this.#beginNext(values);
    } else {
      this.#draft = null;
      // Another tab sent it and did not say under which id: the address may stay the same.
      if (recorded.id === null) this.#beginNext(values);
      const saved = recorded.id === null ? '' : `?saved=${recorded.id}`;
      await goto(`${base()}${values.another ? '/new' : ''}${saved}`, { invalidateAll: true });
    }
  }

  /** It is kept here. What can be seen to be wrong is said now, while the person remembers what was meant. */
  async #keptHere(
    form: HTMLFormElement,
    values: OutcomeFormValues,
    edits: number | null,
    isHere: boolean,
  ): Promise<void> {
    const { queue } = this.#options;
    const { issues } = readFormFields(values);
    const kept = queue.unsent.find(({ values: { once } }) => once === values.once);
    if (isHere && issues.length > 0 && kept !== undefined) {
      if (edits === null) await queue.discard(kept.seq);
      await this.#refuse(form, values, { message: ATTENTION, issues });
      return;
    }
    toastSaved({
      key: values.once,
      message: inWords(values),
      detail: `Kept here; ${counted(queue.waiting.length, 'outcome')} waiting to be sent`,
    });
    if (isHere) this.#beginNext(values);
  }

  /** The form for the next: what was begun before an edit, else a new one. */
  #beginNext(last: OutcomeFormValues): void {
    this.#begin(this.#draft ?? nextValues(last, newKey()), null);
    this.#draft = null;
  }

  #begin(values: OutcomeFormValues, edits: number | null, problem: Own['problem'] = null): void {
    const turn = (this.own?.turn ?? 0) + 1;
    this.#own = { sheet: this.#options.sheet(), turn, values, edits, problem };
  }

  async #refuse(
    form: HTMLFormElement,
    values: OutcomeFormValues,
    problem: NonNullable<Own['problem']>,
  ): Promise<void> {
    const { turn, edits } = this.own ?? { turn: 0, edits: null };
    this.#own = { sheet: this.#options.sheet(), turn, values, edits, problem };
    this.#asking = null;
    await tick();
    focusFirstFault(form);
  }

  /** Takes an unsent outcome into the form; what was begun there comes back after it. */
  async edit(entry: UnsentOutcome): Promise<void> {
    if (this.own?.edits == null && this.element !== undefined) {
      const begun = readFormValues(new FormData(this.element));
      this.#draft = isBegun(begun) ? begun : null;
    }
    const values = { ...entry.values, another: false };
    this.#begin(withKeyFor(entry.trouble, values), entry.seq, entry.trouble);
    await tick();
    if (this.element !== undefined) focusFirstFault(this.element);
  }

  /** Leaves the edited one as it was. */
  cancelEdit(): void {
    const values = this.own?.values;
    if (values !== undefined) this.#beginNext({ ...values, another: false });
  }

  async discard(entry: UnsentOutcome): Promise<void> {
    await this.#options.queue.discard(entry.seq);
    if (this.own?.edits === entry.seq) this.cancelEdit();
  }

  async #findJourneys(): Promise<void> {
    const { subject } = this;
    if (subject === '') return;
    const mine = (this.#asked += 1);
    const found = await askFor<JourneyList>(journeysAddress(this.#options.workspace(), subject));
    if (found !== null && mine === this.#asked) this.#found = { subject, items: found.items };
  }

  async #findMatching(form: HTMLFormElement): Promise<void> {
    const basis = this.#options.matching();
    const fields = [...form.querySelectorAll<HTMLInputElement | HTMLSelectElement>('[data-attribute]')];
    const attributes = fields.map((field) => ({ key: field.dataset['attribute'] ?? '', value: field.value }));
    const address = matchingAddress(this.#options.workspace(), attributes);
    const mine = (this.#asked += 1);
    const value = address === null ? null : await askFor<Matching>(address);
    if (mine === this.#asked) this.#matching = { basis, value };
  }
}
