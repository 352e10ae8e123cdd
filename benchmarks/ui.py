"""`kineme bench ui`: how smooth the screens are, in headless Chromium without a GPU, WebGL on the processor.

The pages are the built ones and talk to a running Kineme; only what must be large is answered by the bench itself: a
map of 100,000 primitives, ten hours of a video's signals. Times are the page's own (performance.now, animation frames,
mutations), so the driver's way there does not count.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from backend.common.columns import pack
from benchmarks.api import finished_sample
from benchmarks.machine import describe, table
from benchmarks.server import Client, Server, running
from launcher.host import LauncherError

DIST = Path(__file__).resolve().parents[1] / "frontend" / "dist"
# As Chromium runs where there is no GPU: it composites pages itself, and only WebGL goes through SwiftShader.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
]
POINTS = 100_000
HOURS = 10
N_LOOPS = 24
SECONDS = 4.0

# Notes when WebGL draws how much, how long each frame's work takes, and when what text changes.
PROBE = """(() => {
    const seen = { draws: [], frames: [], work: [] };
    window.__bench = seen;
    for (const kind of ['WebGLRenderingContext', 'WebGL2RenderingContext']) {
        const proto = window[kind]?.prototype;
        for (const [name, count] of [['drawArrays', 2], ['drawElements', 1]]) {
            const draw = proto?.[name];
            if (!draw) continue;
            proto[name] = function (...args) {
                seen.draws.push([performance.now(), args[count]]);
                return draw.apply(this, args);
            };
        }
    }
    // A frame's work: from its animation callbacks, of which this is the first, to after style, layout and paint.
    const channel = new MessageChannel();
    let began = 0;
    channel.port1.onmessage = () => seen.work.push([began, performance.now() - began]);
    const frame = (now) => {
        seen.frames.push(now);
        began = performance.now();
        channel.port2.postMessage(0);
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
})()"""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="kineme bench ui", description=__doc__)
    parser.add_argument("--data", type=Path, help="a stopped Kineme's data folder with a finished run (default: new)")
    asked = parser.parse_args(arguments)
    chromium = shutil.which("chromium")
    if chromium is None:
        raise LauncherError("There is no `chromium` on the PATH.")
    from playwright.sync_api import Error  # of the test extra: only this command needs it

    print(describe(), flush=True)
    rows = [*first_load()]
    with running(asked.data, sample=asked.data is None) as server:
        client = server.client()
        project, run = finished_run(client) if asked.data else finished_sample(client)
        place = Place(server, client, project["id"], run["id"])
        for what in (the_map, ten_hours, the_loops):
            with a_page(chromium, server, client) as page:
                try:
                    rows += what(page, place)
                except Error as error:  # one screen that is not there must not hide the others' figures
                    rows.append([what.__name__.replace("_", " "), str(error).splitlines()[0][:60], "", "failed"])
            print(f"{what.__name__.replace('_', ' ')}: load {os.getloadavg()[0]:.1f}", flush=True)
    print(f"\nload {os.getloadavg()[0]:.1f} at the end\n")
    print(table(["", "measured", "wanted", ""], rows))
    return 0


class Place:
    """Where in the running Kineme there is something to measure."""

    def __init__(self, server: Server, client: Client, project: int, run: int) -> None:
        self.server, self.project, self.run = server, project, run
        # All of it now: the server closes a connection that rests while a screen is measured.
        segment = client.json(f"/api/runs/{run}/segments/")["results"][0]
        self.video = segment["video"]
        self.clip = {
            "clip": (client.get(segment["clip_url"]), "video/mp4"),
            "poster": (client.get(segment["poster_url"]), "image/webp"),
        }
        self.facts = client.json(f"/api/runs/{run}/videos/{self.video}/signals/")
        self.detail = client.json(f"/api/videos/{self.video}/")

    def at(self, path: str) -> str:
        return f"{self.server.address}/projects/{self.project}{path}"


def finished_run(client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    for project in client.json("/api/projects/"):
        for run in client.json(f"/api/projects/{project['id']}/runs/"):
            if run["status"] == "done":
                return project, run
    raise LauncherError("There is no finished run in this data folder.")


@contextmanager
def a_page(chromium: str, server: Server, client: Client) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
        context.add_cookies([{"name": n, "value": v, "url": server.address} for n, v in client.cookies.items()])
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.add_init_script(PROBE)
        yield page
        browser.close()


def judged(
    title: str, measured: float, most: float, unit: str, *, at_least: bool = False, digits: int = 0
) -> list[str]:
    good = measured >= most if at_least else measured <= most
    return [
        title,
        f"{measured:,.{digits}f} {unit}",
        f"{'≥' if at_least else '<'} {most:g} {unit}",
        "yes" if good else "NO",
    ]


# ---- what is loaded first


def first_load() -> list[list[str]]:
    """The scripts of index.html and all they import statically, as they are sent; the rest is lazy."""
    page = (DIST / "index.html").read_text()
    waiting = [name.rpartition("/")[2] for name in re.findall(r'(?:src|href)="([^"]+\.js)"', page)]
    first: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in first or not (DIST / "assets" / name).exists():
            continue
        first.add(name)
        script = (DIST / "assets" / name).read_text()
        waiting += re.findall(r'(?:^|[;}])\s*import\s*(?:[\w{}$*,\s]+?from)?\s*"\./([^"]+\.js)"', script)
    sizes = {file.name: len(gzip.compress(file.read_bytes())) for file in (DIST / "assets").glob("*.js")}
    total, lazy = sum(sizes[name] for name in first) / 1000, [name for name in sizes if name not in first]
    routes = [name for name in lazy if "Route-" in name]
    return [
        judged("JavaScript loaded first, gzipped", total, 400, "kB"),
        ["routes loaded when opened", str(len(routes)), "all", "yes" if routes else "NO"],
    ]


# ---- the map


def the_map(page: Any, place: Place) -> list[list[str]]:
    columns = map_of(POINTS)
    body = pack({"run": place.run, "projection": "umap", "seed": 0, "actions": [], "videos": VIDEOS}, columns)
    headers = {"Content-Type": "application/vnd.kineme.columns", "ETag": '"bench"'}
    page.route(re.compile(rf"/api/runs/{place.run}/map/"), lambda route: route.fulfill(body=body, headers=headers))
    for name, content in place.clip.items():  # every made-up primitive shows the same real one
        page.route(re.compile(rf"/api/segments/\d+/{name}/"), sending(content))
    page.goto(place.at(f"/runs/{place.run}/map"))
    first_ms, n_first = first_drawn(page, POINTS // 10)
    all_ms, _ = first_drawn(page, POINTS)
    page.wait_for_timeout(1500)
    box = page.locator("canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def pan() -> tuple[float, float]:
        """Frames a second, and how many points the median one draws."""
        since = page.evaluate("() => performance.now()")
        page.mouse.move(x, y)
        page.mouse.down()
        swing(page, SECONDS, lambda t: (x + 160 * np.sin(3 * t), y + 90 * np.sin(2 * t)))
        draws = np.array(page.evaluate(f"() => window.__bench.draws.filter(([at]) => at > {since})"))
        page.mouse.up()
        page.wait_for_timeout(1500)
        first = np.flatnonzero(np.insert(np.diff(draws[:, 0]) > 2, 0, True))  # layers of one frame are one frame
        at, points = draws[first, 0], np.add.reduceat(draws[:, 1], first)
        return (len(at) - 1) / (at[-1] - at[0]) * 1000, float(np.median(points))

    def lasso(share: float) -> tuple[float, float]:
        """Milliseconds from letting go until the frames that show how many are selected, and their loops, are done."""
        page.evaluate(
            """() => {
                const panel = document.querySelector('[aria-label=Selection]');
                const shown = {
                    count: () => panel.querySelector('[role=status]').textContent.replace(/^\\D+$/, ''),
                    loops: () => panel.querySelector('.selected-grid a')?.getAttribute('href'),
                };
                window.__lasso = {};
                for (const [what, now] of Object.entries(shown)) {
                    const before = now();
                    addEventListener('pointerup', () => {
                        const began = performance.now();
                        new MutationObserver((_, self) => {
                            if (!now() || now() === before) return;
                            self.disconnect();
                            const done = () => { window.__lasso[what] = performance.now() - began; };
                            requestAnimationFrame(() => requestAnimationFrame(done));
                        }).observe(panel, { childList: true, subtree: true, characterData: true, attributes: true });
                    }, { capture: true, once: true });
                }
            }"""
        )
        angles = np.linspace(0, 2 * np.pi, 40)
        corners = [(x + 190 * share * np.cos(a), y + 140 * share * np.sin(a)) for a in angles]
        page.mouse.move(*corners[0])
        page.mouse.down()
        for corner in corners[1:]:
            page.mouse.move(*corner)
        page.mouse.up()
        page.wait_for_function("() => window.__lasso.count && window.__lasso.loops", timeout=20_000)
        page.wait_for_timeout(1500)
        taken = page.evaluate("() => window.__lasso")
        return float(taken["count"]), float(taken["loops"])

    fps, n_moving = pan()
    page.keyboard.press("l")
    shown_ms, loops_ms = zip(*(lasso(share) for share in (1.0, 0.9, 0.8, 0.7, 0.6)), strict=True)
    page.keyboard.press("v")
    fps_selected, _ = pan()
    return [
        judged(f"map of {POINTS:,}: data there → {n_first:,.0f} of them painted", first_ms, 1500, "ms"),
        judged(f"map of {POINTS:,}: data there → all of them painted", all_ms, 1500, "ms"),
        judged(f"map of {POINTS:,}: pan, {n_moving:,.0f} drawn while it moves", fps, 30, "fps", at_least=True),
        judged(f"map of {POINTS:,}: the same with thousands selected", fps_selected, 30, "fps", at_least=True),
        judged(f"map of {POINTS:,}: lasso let go → what is selected shown, p50", float(np.median(shown_ms)), 100, "ms"),
        judged(f"map of {POINTS:,}: the same, most of {len(shown_ms)}", max(shown_ms), 100, "ms"),
        [f"map of {POINTS:,}: lasso let go → their loops there too, p50", f"{np.median(loops_ms):.0f} ms", "", ""],
    ]


def first_drawn(page: Any, least: int) -> tuple[float, int]:
    """Milliseconds from the map's arrival until a frame with `least` points is done, and how many that one drew."""
    page.wait_for_function(f"() => window.__bench.draws.some(([, points]) => points >= {least})")
    after_ms, points = page.evaluate(
        f"""async () => {{
            const [drawn, points] = window.__bench.draws.find(([, points]) => points >= {least});
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            const after = window.__bench.frames.filter((at) => at > drawn)[1] ?? performance.now();
            const entries = performance.getEntriesByType('resource').filter((e) => e.name.includes('/map/'));
            return [after - entries[0].responseEnd, points];
        }}"""
    )
    return float(after_ms), int(points)


def sending(content: tuple[bytes, str]) -> Callable[[Any], None]:
    return lambda route: route.fulfill(body=content[0], content_type=content[1])


VIDEOS = [{"id": n, "title": f"shift-{n}.mp4"} for n in range(1, 21)]


def map_of(n: int) -> dict[str, np.ndarray]:
    """Primitives in forty clouds of different size and shape."""
    rng = np.random.default_rng(0)
    cluster = rng.choice(40, n, p=(weights := rng.uniform(0.2, 1, 40)) / weights.sum())
    middles, spreads = rng.normal(0, 10, (40, 2)), rng.uniform(0.3, 1.6, (40, 2))
    xy = middles[cluster] + rng.normal(0, 1, (n, 2)) * spreads[cluster]
    start_s = np.arange(n) * 0.4
    return {
        "ids": np.arange(1, n + 1, dtype=np.float64),
        "x": xy[:, 0].astype(np.float32),
        "y": xy[:, 1].astype(np.float32),
        "cluster": cluster.astype(np.int32),
        "action": np.full(n, -1, np.int32),
        "video": rng.integers(1, 21, n).astype(np.int32),
        "quality": np.full(n, np.nan, np.float32),
        "start_s": start_s,
        "end_s": start_s + rng.uniform(0.5, 4, n),
    }


# ---- ten hours of one video


def ten_hours(page: Any, place: Place) -> list[list[str]]:
    video, facts = place.video, place.facts
    n, duration_s = HOURS * 36_000, HOURS * 3600.0
    body = signals_of(n, facts["theta_on"])
    detail = {**place.detail, "duration_s": duration_s, "recording": ""}
    long = {**facts, "url": "/bench/signals.bin", "n_steps": n, "duration_s": duration_s, "start_s": 0.0}
    long["columns"] = ["times_s", "energy", "velocity"]
    page.route(re.compile(r"/bench/signals\.bin"), lambda route: route.fulfill(body=body))
    page.route(re.compile(rf"/videos/{video}/signals/"), lambda route: route.fulfill(json=long))
    page.route(re.compile(rf"/api/videos/{video}/(\?.*)?$"), lambda route: route.fulfill(json=detail))
    page.goto(place.at(f"/videos/{video}?run={place.run}"))
    plot = page.locator(".energy-canvas canvas").first
    plot.wait_for()
    page.wait_for_timeout(3000)
    box = plot.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def wheel(deltas: list[int]) -> None:
        page.mouse.move(x, y)
        for delta in deltas:
            page.mouse.wheel(0, delta)
            page.wait_for_timeout(16)

    def frames_while(do: Callable[[], None]) -> np.ndarray:
        since = page.evaluate("() => performance.now()")
        do()
        return np.array(page.evaluate(f"() => window.__bench.work.filter(([at]) => at > {since}).map(([, ms]) => ms)"))

    zoomed = frames_while(lambda: wheel([-240] * 60 + [240] * 30))

    def pan() -> None:
        page.mouse.move(x, y)
        page.mouse.down()
        swing(page, SECONDS, lambda t: (x + 300 * np.sin(2.5 * t), y))
        page.mouse.up()

    panned = frames_while(pan)
    frames = np.concatenate([zoomed, panned])
    rows = [
        judged(
            f"{HOURS} h of energy: a frame's work while panning and zooming, p50",
            float(np.median(frames)),
            16,
            "ms",
            digits=1,
        ),
        judged(f"{HOURS} h of energy: the same, p95", float(np.percentile(frames, 95)), 16, "ms", digits=1),
    ]
    wheel([240] * 40)
    page.get_by_role("tab", name="Detector").click()
    slider = page.get_by_role("slider", name="θ on", exact=True)
    slider.wait_for()
    taken = page.evaluate(
        """async (name) => {
            const sliders = [...document.querySelectorAll('input[type=range]')];
            const slider = sliders.find((one) => one.labels[0]?.textContent === name);
            const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
            const taken = [];
            for (let i = 0; i < 40; i += 1) {
                await new Promise((done) => setTimeout(done, 50));
                const began = performance.now();
                setter.call(slider, String(150 + ((i * 37) % 120)));
                slider.dispatchEvent(new Event('input', { bubbles: true }));
                const handled = performance.now() - began;
                await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
                taken.push([handled, performance.now() - began]);
            }
            return taken.slice(5);
        }""",
        "θ on",
    )
    handled, shown = np.array(taken).T
    rows += [
        judged(
            f"{HOURS} h cut anew at a slider's step, figures in the page, p50",
            float(np.median(handled)),
            50,
            "ms",
            digits=1,
        ),
        judged(f"{HOURS} h cut anew, p95", float(np.percentile(handled, 95)), 50, "ms", digits=1),
        [f"{HOURS} h cut anew and everything painted, p50", f"{np.median(shown):.1f} ms", "", ""],
    ]
    return rows


def signals_of(n: int, theta_on: float) -> bytes:
    """Work that begins and ends about every two seconds, ten steps a second."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(6, 40, n // 10)
    on = np.repeat(np.arange(len(lengths)) % 2, lengths)[:n]
    energy = theta_on * (0.3 + 2.2 * on) * rng.lognormal(0, 0.35, n)
    times_s = np.arange(n) / 10 + 0.75
    return b"".join([times_s.astype("<f8").tobytes(), *[energy.astype("<f4").tobytes()] * 2])


# ---- loops


def the_loops(page: Any, place: Place) -> list[list[str]]:
    """The processor's share of the processes that draw the page and composite it, while loops play in a grid."""
    page.set_viewport_size({"width": 1920, "height": 2600})
    page.goto(place.at(f"/runs/{place.run}/map?sel=rect:-1e6,-1e6,1e6,1e6"))  # all of the sample's, each its own clip
    page.wait_for_timeout(15_000)  # the first rounds, when they are decoded, are over
    moving = page.evaluate(
        """async () => {
            const changed = new Set();
            const clips = [...document.querySelectorAll('.clip')];
            const looks = () => clips.map((clip) => {
                const small = document.createElement('canvas');
                [small.width, small.height] = [64, 36];
                const from = clip.querySelector('canvas, video');
                small.getContext('2d').drawImage(from, 0, 0, 64, 36);
                return small.toDataURL();
            });
            let before = looks();
            for (let i = 0; i < 20; i += 1) {
                await new Promise((done) => setTimeout(done, 97));
                const now = looks();
                now.forEach((one, n) => one !== before[n] && changed.add(n));
                before = now;
            }
            return changed.size;
        }"""
    )
    spent_s, began = cpu_s(), time.monotonic()
    time.sleep(10)
    share = (cpu_s() - spent_s) / (time.monotonic() - began)
    return [judged(f"{moving} loops moving (at most {N_LOOPS}): share of a core", share, 1 / 3, "", digits=2)]


def cpu_s() -> float:
    """Processor time so far of Chromium's renderers and GPU process, which are our grandchildren."""
    parent, command = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            command[int(folder.name)] = ((folder / "cmdline").read_text(), (int(stat[11]) + int(stat[12])))
            parent[int(folder.name)] = int(stat[1])
        except (OSError, IndexError):
            continue  # it has just ended
    ours = {os.getpid()}
    while more := {pid for pid, of in parent.items() if of in ours and pid not in ours}:
        ours |= more
    drawn = [
        ticks for pid, (line, ticks) in command.items() if pid in ours and re.search(r"--type=(renderer|gpu-)", line)
    ]
    return sum(drawn) / os.sysconf("SC_CLK_TCK")


def swing(page: Any, seconds: float, place: Callable[[float], tuple[float, float]]) -> None:
    """Move the pointer along a curve, as often as the browser takes it."""
    began = time.monotonic()
    while (t := time.monotonic() - began) < seconds:
        page.mouse.move(*place(t))
        page.wait_for_timeout(4)


if __name__ == "__main__":
    print(json.dumps(first_load(), indent=1))
