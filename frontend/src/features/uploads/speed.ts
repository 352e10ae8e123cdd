const WINDOW_MS = 4000;

/** Bytes a second over the last few seconds; null until there are two moments to compare. */
export class SpeedMeter {
  #samples: { at: number; bytes: number }[] = [];

  push(bytes: number, now: number = performance.now()): number | null {
    this.#samples.push({ at: now, bytes });
    while (this.#samples.length > 2 && now - this.#samples[0]!.at > WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0]!;
    const seconds = (now - first.at) / 1000;
    return seconds > 0.2 ? Math.max(0, (bytes - first.bytes) / seconds) : null;
  }

  reset(): void {
    this.#samples = [];
  }
}
