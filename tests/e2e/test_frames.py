"""The picture on screen is the one that the time beside it means: numbers burned into films are read off the page."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.api import Api, eventually
from tests.e2e.conftest import Kineme, api_of

pytestmark = pytest.mark.browser

BITS, BLOCK_PX = 10, 32
WIDTH, HEIGHT = BITS * BLOCK_PX, 6 * BLOCK_PX
ROUNDING_S = 0.0025  # containers and the time shown are rounded to milliseconds


def numbered(number: int) -> np.ndarray:
    """A picture with its number in squares, the lower row the reverse of the upper, over a ground that moves."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    image = (96 + 48 * np.sin((x + 5 * number) / 19) + 32 * np.cos((y - 3 * number) / 23)).astype(np.uint8)
    for bit in range(BITS):
        on = number >> bit & 1
        columns = slice(bit * BLOCK_PX, (bit + 1) * BLOCK_PX)
        image[:BLOCK_PX, columns] = 235 if on else 16
        image[BLOCK_PX : 2 * BLOCK_PX, columns] = 16 if on else 235
    return np.repeat(image[..., None], 3, axis=2)


# The middles of the squares, wherever and however large the picture is shown. null: they contradict each other.
READ = f"""() => {{
    const video = document.querySelector('video');
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [{WIDTH}, {HEIGHT}];
    const context = canvas.getContext('2d', {{ willReadFrequently: true }});
    context.drawImage(video, 0, 0, {WIDTH}, {HEIGHT});
    const light = (column, row) => {{
        const [x, y, half] = [(column + 0.25) * {BLOCK_PX}, (row + 0.25) * {BLOCK_PX}, {BLOCK_PX} / 2];
        const {{ data }} = context.getImageData(x, y, half, half);
        let sum = 0;
        for (let i = 0; i < data.length; i += 4) sum += data[i + 1];
        return sum / (data.length / 4);
    }};
    let number = 0;
    for (let bit = 0; bit < {BITS}; bit += 1) {{
        const [upper, lower] = [light(bit, 0), light(bit, 1)];
        if (Math.abs(upper - lower) < 80) return null;
        if (upper > lower) number |= 1 << bit;
    }}
    return {{ number, clock: document.querySelector('[data-testid=clock]').textContent }};
}}"""
AT_REST = """() => new Promise((done) => {
    const video = document.querySelector('video');
    let quiet = 0;
    const look = () => {
        quiet = video.seeking || video.readyState < 2 ? 0 : quiet + 1;
        if (quiet > 3) done(); else requestAnimationFrame(look);
    };
    look();
})"""


@dataclass
class Film:
    """A film made for the test, and when each of its pictures is shown, from the first on."""

    name: str
    path: Path
    times_s: list[float]
    steady: bool
    video: int = 0

    def number_at(self, time_s: float) -> int:
        return bisect_right(self.times_s, time_s + ROUNDING_S) - 1


def film(path: Path, times_s: list[float], rate: Fraction, *, steady: bool = True, **options: str) -> Film:
    """Encode numbered pictures, the first of them at times_s[0]; the table is read back from the file."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        base = 1 / rate if steady else Fraction(1, 90_000)
        stream.codec_context.time_base = base
        stream.codec_context.options = {"preset": "fast", "crf": "20", **options}
        for number, time_s in enumerate(times_s):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = round(time_s / base), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        stored = [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]
    assert len(stored) == len(times_s)
    return Film(path.name, path, [time_s - stored[0] for time_s in stored], steady)


def films(folder: Path) -> list[Film]:
    rng = np.random.default_rng(4)
    ntsc, cinema = Fraction(30000, 1001), Fraction(24000, 1001)
    irregular = np.cumsum([0.0, *rng.uniform(0.021, 0.09, 90)]).tolist()
    gaps = np.cumsum([0.0, *rng.choice([1, 1, 1, 2, 7], 90)]) / 30
    late = [7.333 + n / 25 for n in range(71)]  # begins late, and its length is no round number
    return [
        film(folder / "b-frames.mp4", [n / 30 for n in range(120)], Fraction(30), bf="3", g="48"),
        film(folder / "ntsc.mp4", [float(n / ntsc) for n in range(120)], ntsc, bf="3", g="250"),
        film(folder / "cinema.mkv", [float(n / cinema) for n in range(100)], cinema, bf="2"),
        film(folder / "variable.mp4", irregular, Fraction(30), steady=False, bf="3"),
        film(folder / "gaps.mkv", gaps.tolist(), Fraction(30), steady=False, bf="0"),
        film(folder / "late.mkv", late, Fraction(25), steady=False, bf="3"),
        film(folder / "plain.mp4", [n / 50 for n in range(151)], Fraction(50), bf="0", g="25"),  # copied as it is
    ]


@dataclass
class Uploaded:
    api: Api
    project: int
    films: dict[str, Film] = field(default_factory=dict)


NAMES = ["b-frames.mp4", "ntsc.mp4", "cinema.mkv", "variable.mp4", "gaps.mkv", "late.mkv", "plain.mp4"]


@pytest.fixture(scope="module")
def uploaded(browser: Browser, kineme: Kineme, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Uploaded]:
    api = api_of(browser, kineme)
    project = api.call("POST", "/api/projects/", data={"name": "Numbers"}).json()["id"]
    made = films(tmp_path_factory.mktemp("films"))
    for one in made:
        one.video = api.upload(project, one.path, title=one.name)
    rows = f"/api/projects/{project}/videos/"
    eventually(lambda: all(row["status"] == "ready" for row in api.get(rows)), lambda: api.get(rows))
    yield Uploaded(api, project, {one.name: one for one in made})
    api.context.close()


@dataclass
class Seen:
    """What was read off the page against what the time shown means."""

    page: Page
    film: Film
    fps: float
    checked: int = 0
    wrong: list[str] = field(default_factory=list)

    def look(self, after: str) -> tuple[int, float]:
        """The number on screen and the time shown, once the picture stands still."""
        self.page.evaluate(AT_REST)
        read = self.page.evaluate(READ)
        assert read is not None, f"{self.film.name}: no number can be read after {after}"
        minutes, seconds = read["clock"].split(":")
        time_s = 60 * int(minutes) + float(seconds)
        # The time shown lies in a frame of the proxy, which shows what the original shows when that frame begins.
        begins_s = int((time_s + 0.0006) * self.fps) / self.fps
        expected = self.film.number_at(begins_s)
        self.checked += 1
        if read["number"] != expected:
            self.wrong.append(f"after {after}: {read['number']} at {read['clock']}, not {expected}")
        return read["number"], time_s


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_shown_is_the_one_of_the_time_shown(
    page: Page, kineme: Kineme, uploaded: Uploaded, name: str, record_property: pytest.RecordProperty
) -> None:
    made = uploaded.films[name]
    detail = uploaded.api.get(f"/api/videos/{made.video}/")
    page.context.add_cookies(uploaded.api.context.cookies())
    page.goto(f"{kineme.address}/projects/{uploaded.project}/videos/{made.video}")
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    seen = Seen(page, made, detail["proxy_fps"])

    # Forwards, one by one: nothing is skipped, and where the rate is steady nothing comes twice.
    page.keyboard.press("Home")
    numbers = [seen.look("home")[0]]
    assert numbers == [0]
    for _ in range(35):
        page.keyboard.press("ArrowRight")
        numbers.append(seen.look("a step")[0])
    steps = np.diff(numbers)
    assert set(steps) <= ({1} if made.steady or name == "late.mkv" else {0, 1})

    # Many at once: each press counts.
    before = numbers[-1]
    _, at_s = seen.look("steps")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    after, now_s = seen.look("12 quick steps")
    assert round((now_s - at_s) * seen.fps) == 12
    if made.steady:
        assert after == before + 12

    # Backwards.
    for _ in range(32):
        page.keyboard.press("ArrowLeft")
        number, _ = seen.look("a step back")
        assert number in ((after - 1,) if made.steady else (after - 1, after))
        after = number

    # Anywhere, by a press on the time scale, and a step either way from there.
    box = page.get_by_role("slider", name="Time").bounding_box()
    assert box is not None
    for share in np.random.default_rng(7).uniform(0.01, 0.99, 14):
        page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        there, _ = seen.look(f"a press at {share:.3f}")
        page.keyboard.press("ArrowRight")
        next_one, _ = seen.look("a step from there")
        assert next_one - there in ((1,) if made.steady else (0, 1)) or there == len(made.times_s) - 1

    # The end, and the address of a moment.
    page.keyboard.press("End")
    last, _ = seen.look("end")
    assert last == len(made.times_s) - 1
    page.keyboard.press("ArrowRight")
    assert seen.look("a step beyond the end")[0] == last
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    here = seen.look("five before the end")
    page.wait_for_function("() => new URLSearchParams(location.search).has('t')")
    page.wait_for_timeout(500)
    page.reload()
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    page.wait_for_timeout(300)
    assert seen.look("a reload")[0] == here[0]

    print(f"\n{name}: {seen.fps:.3f} fps, {seen.checked} pictures read, {len(seen.wrong)} wrong", flush=True)
    record_property("checked", seen.checked)
    assert seen.wrong == []
