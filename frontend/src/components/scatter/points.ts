/** Positions as one typed array, scaled into the unit square with their aspect kept, y up. */
export interface PointCloud {
  count: number;
  /** x0, y0, x1, y1 … in 0..1 */
  positions: Float32Array;
  grid: PointGrid;
  /** From the square back to what was given. */
  toGiven: (x: number, y: number) => [x: number, y: number];
}

export function makeCloud(x: ArrayLike<number>, y: ArrayLike<number>): PointCloud {
  const count = Math.min(x.length, y.length);
  let [minX, maxX, minY, maxY] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < count; i += 1) {
    minX = Math.min(minX, x[i]!);
    maxX = Math.max(maxX, x[i]!);
    minY = Math.min(minY, y[i]!);
    maxY = Math.max(maxY, y[i]!);
  }
  const span = Math.max(maxX - minX, maxY - minY, 1e-9);
  const [shiftX, shiftY] = [(span - (maxX - minX)) / 2, (span - (maxY - minY)) / 2];
  const positions = new Float32Array(count * 2);
  for (let i = 0; i < count; i += 1) {
    positions[2 * i] = (x[i]! - minX + shiftX) / span;
    positions[2 * i + 1] = (y[i]! - minY + shiftY) / span;
  }
  const toGiven = (u: number, v: number): [number, number] => [u * span + minX - shiftX, v * span + minY - shiftY];
  return { count, positions, grid: new PointGrid(positions), toGiven };
}

const CELLS = 128;

/** Finds points without looking at all of them: those of a cell stand together in `#points`, from `#starts[cell]` on. */
export class PointGrid {
  readonly #starts = new Uint32Array(CELLS * CELLS + 1);
  readonly #points: Uint32Array;
  readonly #positions: Float32Array;

  constructor(positions: Float32Array) {
    const count = positions.length / 2;
    this.#positions = positions;
    this.#points = new Uint32Array(count);
    const cells = new Uint16Array(count);
    for (let i = 0; i < count; i += 1) {
      cells[i] = cellOf(positions[2 * i]!) + CELLS * cellOf(positions[2 * i + 1]!);
      this.#starts[cells[i]! + 1]! += 1;
    }
    for (let cell = 0; cell < CELLS * CELLS; cell += 1) this.#starts[cell + 1]! += this.#starts[cell]!;
    const next = this.#starts.slice();
    for (let i = 0; i < count; i += 1) this.#points[next[cells[i]!]!++] = i;
  }

  /** The point nearest to (x, y) within `radius`, or -1. All in units of the square. */
  nearest(x: number, y: number, radius: number): number {
    let best = -1;
    let bestDistance = radius * radius;
    const [fromX, toX] = [cellOf(x - radius), cellOf(x + radius)];
    const [fromY, toY] = [cellOf(y - radius), cellOf(y + radius)];
    for (let row = fromY; row <= toY; row += 1) {
      for (let at = this.#starts[fromX + CELLS * row]!; at < this.#starts[toX + CELLS * row + 1]!; at += 1) {
        const i = this.#points[at]!;
        const distance = (this.#positions[2 * i]! - x) ** 2 + (this.#positions[2 * i + 1]! - y) ** 2;
        if (distance <= bestDistance) {
          best = i;
          bestDistance = distance;
        }
      }
    }
    return best;
  }

  /** The points of a rectangle; null if they are more than `most`. */
  within(x0: number, y0: number, x1: number, y1: number, most: number): number[] | null {
    const found: number[] = [];
    for (let row = cellOf(y0); row <= cellOf(y1); row += 1) {
      const [from, to] = [this.#starts[cellOf(x0) + CELLS * row]!, this.#starts[cellOf(x1) + CELLS * row + 1]!];
      for (let at = from; at < to; at += 1) {
        const i = this.#points[at]!;
        const [x, y] = [this.#positions[2 * i]!, this.#positions[2 * i + 1]!];
        if (x < x0 || x > x1 || y < y0 || y > y1) continue;
        if (found.length === most) return null;
        found.push(i);
      }
    }
    return found;
  }
}

const cellOf = (value: number): number => Math.min(CELLS - 1, Math.max(0, Math.floor(value * CELLS)));

/** What part of the unit square is on screen: the point in its middle, and pixels a unit at zoom 1 fill the shorter side. */
export class Camera {
  x = 0.5;
  y = 0.5;
  zoom = 1;

  /** Pixels one unit takes. */
  scale(width: number, height: number): number {
    return Math.max(1, Math.min(width, height) * 0.9) * this.zoom;
  }

  toScreen(x: number, y: number, width: number, height: number): [number, number] {
    const scale = this.scale(width, height);
    return [width / 2 + (x - this.x) * scale, height / 2 - (y - this.y) * scale];
  }

  toData(px: number, py: number, width: number, height: number): [number, number] {
    const scale = this.scale(width, height);
    return [this.x + (px - width / 2) / scale, this.y - (py - height / 2) / scale];
  }

  /** Closer by `factor`; what is under the pointer stays under it. */
  zoomAt(px: number, py: number, factor: number, width: number, height: number): void {
    const [x, y] = this.toData(px, py, width, height);
    this.zoom = Math.min(200, Math.max(0.5, this.zoom * factor));
    const [nx, ny] = this.toData(px, py, width, height);
    this.x += x - nx;
    this.y += y - ny;
  }

  panBy(dx: number, dy: number, width: number, height: number): void {
    const scale = this.scale(width, height);
    this.x -= dx / scale;
    this.y += dy / scale;
  }

  fit(): void {
    this.x = 0.5;
    this.y = 0.5;
    this.zoom = 1;
  }
}

/** Numbers 0 … n-1 in an order that looks random and is always the same: the first k of them are a fair sample. */
export function shuffled(n: number): Uint32Array {
  const order = new Uint32Array(n);
  const step = coprime(n);
  for (let i = 0, at = 0; i < n; i += 1) {
    order[i] = at;
    at += step;
    if (at >= n) at -= n;
  }
  return order;
}

/** The points of `all` in its order, but those of `front` last, after `behind` others. */
export function drawingOrder(all: Uint32Array, front: Uint32Array | null): { order: Uint32Array; behind: number } {
  if (front === null) return { order: all, behind: 0 };
  const n = all.length;
  const isFront = new Uint8Array(n);
  for (let i = 0; i < front.length; i += 1) isFront[front[i]!] = 1;
  const order = new Uint32Array(n);
  const behind = n - front.length;
  let [back, ahead] = [0, behind];
  for (let i = 0; i < n; i += 1) {
    const point = all[i]!;
    if (isFront[point]) order[ahead++] = point;
    else order[back++] = point;
  }
  return { order, behind };
}

/** Near n over the golden ratio, and without a divisor in common with n: stepping by it visits every number, spread out. */
function coprime(n: number): number {
  let step = Math.max(1, Math.round(n * 0.6180339887));
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  while (n > 1 && divisor(n, step) !== 1) step += 1;
  return step;
}

/** Pictures of `width` × `height` pixels that do not touch, at the points they show; those shown before go first. */
export function placeWithoutOverlap(
  points: readonly number[],
  before: ReadonlySet<number>,
  at: (point: number) => readonly [x: number, y: number],
  width: number,
  height: number,
  most: number,
): number[] {
  const placed: { point: number; x: number; y: number }[] = [];
  const inTurn = [...points.filter((point) => before.has(point)), ...points.filter((point) => !before.has(point))];
  for (const point of inTurn) {
    if (placed.length === most) break;
    const [x, y] = at(point);
    if (placed.every((other) => Math.abs(other.x - x) >= width || Math.abs(other.y - y) >= height)) placed.push({ point, x, y });
  }
  return placed.map(({ point }) => point);
}
