/** Positions as one typed array, scaled into the unit square with their aspect kept, y up. */
export interface PointCloud {
  count: number;
  /** x0, y0, x1, y1 … in 0..1 */
  positions: Float32Array;
  grid: PointGrid;
}

export function makeCloud(x: readonly number[], y: readonly number[]): PointCloud {
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
  return { count, positions, grid: new PointGrid(positions) };
}

const CELLS = 128;

/** Finds the nearest point without looking at all of them. */
export class PointGrid {
  readonly #cells: number[][] = [];
  readonly #positions: Float32Array;

  constructor(positions: Float32Array) {
    this.#positions = positions;
    for (let i = 0; i < positions.length / 2; i += 1) {
      const cell = cellOf(positions[2 * i]!) + CELLS * cellOf(positions[2 * i + 1]!);
      (this.#cells[cell] ??= []).push(i);
    }
  }

  /** The point nearest to (x, y) within `radius`, or -1. All in units of the square. */
  nearest(x: number, y: number, radius: number): number {
    let best = -1;
    let bestDistance = radius * radius;
    const [fromX, toX] = [cellOf(x - radius), cellOf(x + radius)];
    const [fromY, toY] = [cellOf(y - radius), cellOf(y + radius)];
    for (let row = fromY; row <= toY; row += 1) {
      for (let column = fromX; column <= toX; column += 1) {
        for (const i of this.#cells[column + CELLS * row] ?? []) {
          const distance = (this.#positions[2 * i]! - x) ** 2 + (this.#positions[2 * i + 1]! - y) ** 2;
          if (distance <= bestDistance) {
            best = i;
            bestDistance = distance;
          }
        }
      }
    }
    return best;
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
