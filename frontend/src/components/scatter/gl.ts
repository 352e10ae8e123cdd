import type { Camera, PointCloud } from "./points";

/*
 * Points in WebGL 2, in at most two draw calls. Written out rather than taken from a library over regl: regl builds its
 * commands with `Function(…)`, which the content policy (no unsafe-eval) refuses.
 */

const VERTEX = `#version 300 es
in vec2 position;
in vec4 colour;
uniform vec4 view;
uniform float size;
uniform float alpha;
flat out vec4 shown;
void main() {
  // The fourth byte says disc (1) or ring (0): "the hue a second time".
  shown = vec4(colour.rgb * alpha, colour.a > 0.5 ? alpha : -alpha);
  gl_Position = vec4((position - view.xy) * view.zw, 0.0, 1.0);
  gl_PointSize = size;
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
flat in vec4 shown;
out vec4 result;
void main() {
  vec2 p = gl_PointCoord * 2.0 - 1.0;
  float distance = length(p);
  float edge = 1.0 - smoothstep(0.82, 1.0, distance);
  if (shown.a < 0.0) edge *= smoothstep(0.34, 0.5, distance);
  if (edge <= 0.0) discard;
  result = vec4(shown.rgb, abs(shown.a)) * edge;
}`;

export interface PointsRenderer {
  setCloud(cloud: PointCloud): void;
  /** Red, green, blue and 255 for a disc or 0 for a ring, a point after the other. */
  setColours(colours: Uint8Array): void;
  /** Which points are drawn, and in which order: first `behind` faded ones, then the others. */
  setOrder(order: Uint32Array, behind: number): void;
  /** At most `budget` points while something moves: the first of each part. */
  draw(camera: Camera, width: number, height: number, ratio: number, fadedAlpha: number, budget: number): void;
  dispose(): void;
}

/** Null where the browser has no WebGL 2. */
export function makeRenderer(canvas: HTMLCanvasElement): PointsRenderer | null {
  const found = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, premultipliedAlpha: true });
  if (!found) return null;
  const gl: WebGL2RenderingContext = found;
  const program = link(gl);
  const uniform = (name: string) => gl.getUniformLocation(program, name);
  const uniforms = { view: uniform("view"), size: uniform("size"), alpha: uniform("alpha") };
  const vertices = gl.createVertexArray();
  gl.bindVertexArray(vertices);
  const attribute = (name: string, size: number, type: number) => {
    const buffer = gl.createBuffer();
    const at = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, type, type === gl.UNSIGNED_BYTE, 0, 0);
    return buffer;
  };
  const positions = attribute("position", 2, gl.FLOAT);
  const colours = attribute("colour", 4, gl.UNSIGNED_BYTE);
  const indices = gl.createBuffer();
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indices);
  let count = 0;
  let coloured = 0;
  let ordered = 0;
  let behind = 0;

  return {
    setCloud(cloud) {
      gl.bindBuffer(gl.ARRAY_BUFFER, positions);
      gl.bufferData(gl.ARRAY_BUFFER, cloud.positions, gl.STATIC_DRAW);
      count = cloud.count;
      ordered = behind = coloured = 0; // those of another cloud
    },
    setColours(values) {
      gl.bindBuffer(gl.ARRAY_BUFFER, colours);
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
      coloured = values.length / 4;
    },
    setOrder(order, faded) {
      gl.bindVertexArray(vertices);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order, gl.DYNAMIC_DRAW);
      ordered = order.length;
      behind = faded;
    },
    draw(camera, width, height, ratio, fadedAlpha, budget) {
      gl.viewport(0, 0, Math.round(width * ratio), Math.round(height * ratio));
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      if (count === 0 || coloured < count || ordered === 0) return;
      const scale = camera.scale(width, height);
      gl.useProgram(program);
      gl.bindVertexArray(vertices);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      gl.uniform4f(uniforms.view, camera.x, camera.y, (2 * scale) / width, (2 * scale) / height);
      gl.uniform1f(uniforms.size, pointSize(count, camera.zoom) * ratio);
      const share = Math.min(1, budget / ordered);
      const part = (from: number, length: number, alpha: number) => {
        const drawn = Math.ceil(length * share);
        if (drawn === 0) return;
        gl.uniform1f(uniforms.alpha, alpha);
        gl.drawElements(gl.POINTS, drawn, gl.UNSIGNED_INT, from * 4);
      };
      part(0, behind, fadedAlpha);
      part(behind, ordered - behind, 1);
    },
    dispose() {
      for (const buffer of [positions, colours, indices]) gl.deleteBuffer(buffer);
      gl.deleteVertexArray(vertices);
      gl.deleteProgram(program);
      // The context itself stays: the canvas may be given to a new renderer at once.
    },
  };
}

/** Pixels: few points are large, many are small, and all grow a little when near. */
export function pointSize(count: number, zoom: number): number {
  const base = count < 500 ? 9 : count < 5000 ? 7 : count < 30_000 ? 5 : 3.5;
  return Math.min(22, base * Math.max(1, zoom) ** 0.35);
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) throw new Error("WebGL gave no shader");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
    throw new Error(`the point shaders do not link: ${gl.getProgramInfoLog(program) ?? "no log"}`);
  return program;
}
