import type { Camera, PointCloud } from "./points";

/*
 * Points in WebGL 2, in one draw call. Written out rather than taken from a library over regl: regl builds its commands
 * with `Function(…)`, which the content policy (no unsafe-eval) refuses.
 */

const VERTEX = `#version 300 es
in vec2 position;
in float style;
uniform vec2 centre;
uniform vec2 scale;
uniform float size;
uniform vec3 palette[13];
uniform float faded;
flat out vec4 colour;
flat out float hatched;
void main() {
  int code = int(style + 0.5);
  int hue = code & 15;
  bool isFaded = (code & 32) != 0;
  hatched = (code & 16) != 0 ? 1.0 : 0.0;
  colour = vec4(palette[hue], isFaded ? faded : 1.0);
  gl_Position = vec4((position - centre) * scale, isFaded ? 0.5 : 0.0, 1.0);
  gl_PointSize = size;
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
flat in vec4 colour;
flat in float hatched;
out vec4 result;
void main() {
  vec2 p = gl_PointCoord * 2.0 - 1.0;
  float distance = length(p);
  float edge = 1.0 - smoothstep(0.82, 1.0, distance);
  // A ring instead of a disc says "the hue a second time".
  if (hatched > 0.5) edge *= smoothstep(0.34, 0.5, distance);
  if (edge <= 0.0) discard;
  float alpha = colour.a * edge;
  result = vec4(colour.rgb * alpha, alpha);
}`;

export const NO_CLUSTER_STYLE = 12;
export const HATCHED = 16;
export const FADED = 32;

export interface PointsRenderer {
  setCloud(cloud: PointCloud): void;
  /** Hue 0..11 or 12 for none, plus HATCHED and FADED. */
  setStyles(styles: Float32Array): void;
  setPalette(colours: readonly string[], fadedAlpha: number): void;
  draw(camera: Camera, width: number, height: number, ratio: number): void;
  dispose(): void;
}

/** Null where the browser has no WebGL 2. */
export function makeRenderer(canvas: HTMLCanvasElement): PointsRenderer | null {
  const found = canvas.getContext("webgl2", { alpha: true, antialias: false, premultipliedAlpha: true });
  if (!found) return null;
  const gl: WebGL2RenderingContext = found;
  const program = link(gl);
  const attribute = (name: string) => gl.getAttribLocation(program, name);
  const uniform = (name: string) => gl.getUniformLocation(program, name);
  const uniforms = {
    centre: uniform("centre"),
    scale: uniform("scale"),
    size: uniform("size"),
    palette: uniform("palette"),
    faded: uniform("faded"),
  };
  const vertices = gl.createVertexArray();
  gl.bindVertexArray(vertices);
  const positions = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, positions);
  gl.enableVertexAttribArray(attribute("position"));
  gl.vertexAttribPointer(attribute("position"), 2, gl.FLOAT, false, 0, 0);
  const styles = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, styles);
  gl.enableVertexAttribArray(attribute("style"));
  gl.vertexAttribPointer(attribute("style"), 1, gl.FLOAT, false, 0, 0);
  let count = 0;
  let styled = 0;
  let palette = new Float32Array(13 * 3);
  let fadedAlpha = 0.15;

  return {
    setCloud(cloud) {
      gl.bindBuffer(gl.ARRAY_BUFFER, positions);
      gl.bufferData(gl.ARRAY_BUFFER, cloud.positions, gl.STATIC_DRAW);
      count = cloud.count;
    },
    setStyles(values) {
      gl.bindBuffer(gl.ARRAY_BUFFER, styles);
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
      styled = values.length;
    },
    setPalette(colours, alpha) {
      palette = new Float32Array(colours.flatMap(rgb));
      fadedAlpha = alpha;
    },
    draw(camera, width, height, ratio) {
      gl.viewport(0, 0, Math.round(width * ratio), Math.round(height * ratio));
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      const drawn = Math.min(count, styled);
      if (drawn === 0) return;
      const scale = camera.scale(width, height);
      gl.useProgram(program);
      gl.bindVertexArray(vertices);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      gl.uniform2f(uniforms.centre, camera.x, camera.y);
      gl.uniform2f(uniforms.scale, (2 * scale) / width, (2 * scale) / height);
      gl.uniform1f(uniforms.size, pointSize(count, camera.zoom) * ratio);
      gl.uniform3fv(uniforms.palette, palette);
      gl.uniform1f(uniforms.faded, fadedAlpha);
      gl.drawArrays(gl.POINTS, 0, drawn);
    },
    dispose() {
      gl.deleteBuffer(positions);
      gl.deleteBuffer(styles);
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

function rgb(colour: string): [number, number, number] {
  const hex = /^#([0-9a-f]{6})$/i.exec(colour.trim())?.[1] ?? "888888";
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as [number, number, number];
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
