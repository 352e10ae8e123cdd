/** The least and the greatest value of each pixel column; NaN in a column without a value. */
export interface Columns {
  min: Float32Array;
  max: Float32Array;
}

/**
 * The least and the greatest of any stretch of a long series, in a few steps: each level halves the one under it. Building
 * it takes one pass; a picture `width` wide takes `width` times the logarithm of the values under one of its pixels.
 */
export class Pyramid {
  readonly length: number;
  readonly #min: Float32Array[];
  readonly #max: Float32Array[];

  constructor(values: Float32Array) {
    this.length = values.length;
    this.#min = [values];
    this.#max = [values];
    for (let n = values.length; n > 1; ) {
      const lower = this.#min[this.#min.length - 1]!;
      const upper = this.#max[this.#max.length - 1]!;
      const half = (n + 1) >> 1;
      const min = new Float32Array(half);
      const max = new Float32Array(half);
      for (let i = 0; i < half; i += 1) {
        const left = 2 * i;
        const right = left + 1 < n ? left + 1 : left;
        min[i] = lower[left]! < lower[right]! ? lower[left]! : lower[right]!;
        max[i] = upper[left]! > upper[right]! ? upper[left]! : upper[right]!;
      }
      this.#min.push(min);
      this.#max.push(max);
      n = half;
    }
  }

  /**
   * The values from index `from` to `to`, drawn `width` columns wide. Indices may be fractions and lie outside the
   * series; closer than a value per column, a value fills all the columns it covers.
   */
  columns(from: number, to: number, width: number, into?: Columns): Columns {
    const columns = into ?? { min: new Float32Array(width), max: new Float32Array(width) };
    const per = (to - from) / width;
    let start = Math.floor(from);
    for (let column = 0; column < width; column += 1) {
      const end = from + (column + 1) * per;
      this.#reduce(start, Math.max(start + 1, Math.ceil(end)), column, columns);
      start = Math.floor(end);
    }
    return columns;
  }

  /** As `columns`, for series whose times are not even: column c has the values bounds[c] up to bounds[c + 1]. */
  columnsAt(bounds: ArrayLike<number>, into?: Columns): Columns {
    const width = bounds.length - 1;
    const columns = into ?? { min: new Float32Array(width), max: new Float32Array(width) };
    for (let column = 0; column < width; column += 1) {
      this.#reduce(bounds[column]!, Math.max(bounds[column]! + 1, bounds[column + 1]!), column, columns);
    }
    return columns;
  }

  /** The least and the greatest of values start..stop-1. */
  range(start: number, stop: number): { min: number; max: number } {
    const one = { min: new Float32Array(1), max: new Float32Array(1) };
    this.#reduce(start, stop, 0, one);
    return { min: one.min[0]!, max: one.max[0]! };
  }

  #reduce(start: number, stop: number, column: number, into: Columns): void {
    let low = Math.max(0, start);
    let high = Math.min(this.length, stop);
    if (low >= high) {
      into.min[column] = Number.NaN;
      into.max[column] = Number.NaN;
      return;
    }
    let least = Infinity;
    let greatest = -Infinity;
    for (let level = 0; low < high; level += 1) {
      const min = this.#min[level]!;
      const max = this.#max[level]!;
      if (low & 1) {
        if (min[low]! < least) least = min[low]!;
        if (max[low]! > greatest) greatest = max[low]!;
        low += 1;
      }
      if (high & 1) {
        high -= 1;
        if (min[high]! < least) least = min[high]!;
        if (max[high]! > greatest) greatest = max[high]!;
      }
      low >>= 1;
      high >>= 1;
    }
    into.min[column] = least;
    into.max[column] = greatest;
  }
}

export function makePyramid(values: Float32Array): Pyramid {
  return new Pyramid(values);
}
