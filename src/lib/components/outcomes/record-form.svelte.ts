import type { SubmitFunction } from '@sveltejs/kit';
import { tick } from 'svelte';
import type { JourneyList, JourneyView } from '#lib/contracts/journey.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';

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
      if (!this.#options.journeys().complete) this.#timer = setTimeout(() => void this.#findJourneys(), ASK_AFTER_MS);
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
      formElement.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    };
  };

  async #findJourneys(): Promise<void> {
    const { subject } = this;
    if (subject === '') return;
    const query = new URLSearchParams({ ws: this.#options.workspace(), state: 'open', subject });
    const found = await this.#ask<JourneyList>(`/api/v1/journeys?${query}`);
    if (found !== null) this.#found = { subject, items: found.items };
  }

  async #findMatching(form: HTMLFormElement): Promise<void> {
    const basis = this.#options.matching();
    const query = new URLSearchParams();
    for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>('[data-attribute]')) {
      const key = field.dataset['attribute'] ?? '';
      if (field.value.trim() !== '') query.append('where', `${key}:${field.value.trim()}`);
    }
    const address = `/w/${encodeURIComponent(this.#options.workspace())}/outcomes/new/matching?${query}`;
    const value = query.size === 0 ? null : await this.#ask<Matching>(address);
    this.#matching = { basis, value };
  }

  /** The newest answer, or null: what it is for are suggestions, which may be missing. */
  async #ask<T>(address: string): Promise<T | null> {
    const mine = (this.#asked += 1);
    try {
      const response = await fetch(address, { headers: { accept: 'application/json' } });
      if (!response.ok || mine !== this.#asked) return null;
      // The address is one of our own routes, which answers with its contract.
      return (await response.json()) as T;
    } catch (thrown) {
      if (thrown instanceof TypeError || thrown instanceof SyntaxError) return null;
      throw thrown;
    }
  }
}
