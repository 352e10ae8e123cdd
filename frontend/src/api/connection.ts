/** Whether the server answers: one fact for the whole page, shown in one banner. */
type Listener = () => void;

class Connection {
  #away = false;
  readonly #listeners = new Set<Listener>();

  get away(): boolean {
    return this.#away;
  }

  readonly lost = (): void => this.#set(true);
  readonly found = (): void => this.#set(false);

  readonly subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #set(away: boolean): void {
    if (away === this.#away) return;
    this.#away = away;
    for (const listener of this.#listeners) listener();
  }
}

export const connection = new Connection();
