/** The pictures of a short loop in order, caught while it plays, so that afterwards they need no decoding. */
export class Reel<Picture> {
  readonly #pictures: { atS: number; picture: Picture }[] = [];
  #lastS = -Infinity;
  #newThisRound = 0;
  #whole = false;

  /** A picture that is on screen, and its time in the clip. `take` is called where it is not there yet. */
  see(atS: number, take: () => Picture): void {
    if (atS < this.#lastS) {
      if (this.#newThisRound === 0) this.#whole = true;
      this.#newThisRound = 0;
    }
    this.#lastS = atS;
    const before = this.#indexAt(atS);
    if (this.#pictures[before]?.atS === atS) return;
    this.#pictures.splice(before + 1, 0, { atS, picture: take() });
    this.#newThisRound += 1;
  }

  /** Whether a whole round has brought nothing new: then none is missing, however many a busy browser skipped before. */
  get whole(): boolean {
    return this.#whole;
  }

  get pictures(): readonly Picture[] {
    return this.#pictures.map(({ picture }) => picture);
  }

  get length(): number {
    return this.#pictures.length;
  }

  /** Index of the picture on screen at a time in the clip; before the first one, the first. */
  at(timeS: number): number {
    return Math.max(0, this.#indexAt(timeS));
  }

  #indexAt(timeS: number): number {
    let last = this.#pictures.length - 1;
    while (last >= 0 && this.#pictures[last]!.atS > timeS) last -= 1;
    return last;
  }
}

/**
 * One beat for everything small that moves: what changes at the same moment is put on screen once, and not as often as
 * there are loops. Ten a second, as the clips have.
 */
export class Beat {
  readonly #everyMs: number;
  readonly #movers = new Set<(nowMs: number) => void>();
  #timer = 0;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Returns the taking out. */
  add(move: (nowMs: number) => void): () => void {
    this.#movers.add(move);
    if (this.#timer === 0) this.#timer = window.setInterval(() => this.#strike(), this.#everyMs);
    return () => {
      this.#movers.delete(move);
      if (this.#movers.size > 0) return;
      window.clearInterval(this.#timer);
      this.#timer = 0;
    };
  }

  #strike(): void {
    const nowMs = performance.now();
    for (const move of this.#movers) move(nowMs);
  }
}

export const beat = new Beat(100);
