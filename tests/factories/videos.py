"""Files of videos for tests: what stages would have made, without running them."""

from __future__ import annotations

from backend.common.artefacts import store
from backend.videos.models import Video

PREVIEW_KEY = "ab" * 32
FILES = {"browser.mp4": b"m" * 3000, "poster.webp": b"p" * 300, "sprite.webp": b"s" * 400}
SPRITE = {"columns": 10, "rows": 2, "tile_width": 160, "tile_height": 90, "interval_s": 1.5}


def give_files(video: Video, original: bytes = b"original bytes") -> Video:
    """An original and previews, in the media folder of the test."""
    video.path.parent.mkdir(parents=True, exist_ok=True)
    video.path.write_bytes(original)
    with store().writing(PREVIEW_KEY) as folder:
        for name, content in FILES.items():
            (folder / name).write_bytes(content)
    video.preview_key, video.sprite = PREVIEW_KEY, SPRITE
    video.save(update_fields=["preview_key", "sprite"])
    return video
