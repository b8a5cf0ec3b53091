import type { SubmitFunction } from '@sveltejs/kit';
import { tick } from 'svelte';
import { focusFirstFault } from '#lib/components/ui/first-fault.ts';
import type { JourneyList, JourneyView } from '#lib/contracts/journey.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';
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
}

const ASK_AFTER_MS = 250;

/** What the record form does besides being a form: looks up the subject's journeys and the patterns it counts in. */
export class RecordForm {
  readonly #options: Options;
  #typed = $state<{ sheet: string; subject: string } | null>(null);
  #found = $state.raw<{ subject: string; items: JourneyView[] } | null>(null);
  #matching = $state.raw<{ basis: Matching | null; value: Matching | null } | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;
  /** The server did not answer; what is typed stays. */
  unsent = $state(false);

  constructor(options: Options) {
    this.#options = options;
  }

  get subject(): string {
    const typed = this.#typed?.sheet === this.#options.sheet() ? this.#typed.subject : null;
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
      this.#typed = { sheet: this.#options.sheet(), subject: field.value };
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
  submit: SubmitFunction = ({ formElement }) => {
    const button = formElement.querySelector<HTMLButtonElement>('button[type="submit"]');
    if (button !== null) button.disabled = true;
    return async ({ result, update }) => {
      // An error is the network's or ours: the error page would take the form and what is in it away.
      this.unsent = result.type === 'error';
      if (result.type !== 'error') await update({ reset: false });
      if (button !== null) button.disabled = false;
      if (result.type !== 'failure') return;
      await tick();
      focusFirstFault(formElement);
    };
  };

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
