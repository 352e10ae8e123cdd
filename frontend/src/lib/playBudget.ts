/** How many loops may play at once: decoding more starves the main player. The ones longest waiting come next. */
export class PlayBudget {
  readonly #limit: number;
  readonly #playing = new Map<object, (play: boolean) => void>();
  readonly #waiting = new Map<object, (play: boolean) => void>();
  #held = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get playing(): number {
    return this.#playing.size;
  }

  /** While something else needs the processor, as a map under the hand does, all of them stand still where they are. */
  hold(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    for (const onChange of this.#playing.values()) onChange(!held);
  }

  /** `onChange(true)` when the turn has come. Returns the giving back. */
  request(onChange: (play: boolean) => void): () => void {
    const key = {};
    if (this.#playing.size < this.#limit) this.#start(key, onChange);
    else this.#waiting.set(key, onChange);
    return () => {
      this.#waiting.delete(key);
      if (this.#playing.delete(key)) this.#next();
    };
  }

  #start(key: object, onChange: (play: boolean) => void): void {
    this.#playing.set(key, onChange);
    if (!this.#held) onChange(true);
  }

  #next(): void {
    const first = this.#waiting.entries().next();
    if (first.done) return;
    const [key, onChange] = first.value;
    this.#waiting.delete(key);
    this.#start(key, onChange);
  }
}

/** The page's loops. */
export const loops = new PlayBudget(24);
