"""The artefacts as plain files: JSON for what people read, npz and npy for arrays. No pickle, no time of writing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ml.artefacts import Calibration, Clustering, EnergyTrace, Float, Segment, TokenStream


def save_stream(stream: TokenStream, path: Path) -> None:
    """codes.npz: codes [W, T-1] int16, times_s [W, T] float64, stride, and the continuous stream as stream_codes [S],
    stream_times_s [S] for those who read it without us."""
    np.savez_compressed(
        path,
        codes=stream.codes,
        times_s=stream.times_s,
        stride=np.int64(stream.stride),
        stream_codes=stream.stream_codes,
        stream_times_s=stream.stream_times_s,
    )


def load_stream(path: Path) -> TokenStream:
    """What `save_stream` wrote."""
    with np.load(path, allow_pickle=False) as file:
        return TokenStream(file["codes"], file["times_s"], int(file["stride"]))


def save_energy(
    path: Path,
    trace: EnergyTrace,
    velocity: EnergyTrace,
    *,
    latent: EnergyTrace | None = None,
    flow: EnergyTrace | None = None,
    start_s: float | None = None,
    smoothed: Float | None = None,
    calibration: Calibration | None = None,
) -> None:
    """energy.npz: times_s [S], energy [S], velocity [S], source; latent [S], flow [S] and start_s where they are given;
    smoothed [S], theta_on, theta_off once they exist. start_s: where step 0 begins."""
    arrays: dict[str, Any] = {
        "times_s": trace.times_s,
        "energy": trace.energy,
        "velocity": velocity.energy,
        "source": np.str_(trace.source),
    }
    arrays |= {name: one.energy for name, one in (("latent", latent), ("flow", flow)) if one is not None}
    if start_s is not None:
        arrays["start_s"] = np.float64(start_s)
    if smoothed is not None:
        arrays["smoothed"] = smoothed
    if calibration is not None:
        arrays["theta_on"] = np.float64(calibration.theta_on)
        arrays["theta_off"] = np.float64(calibration.theta_off)
    np.savez_compressed(path, **arrays)


def load_energy(path: Path) -> tuple[EnergyTrace, EnergyTrace]:
    """The energy and the velocity energy that `save_energy` wrote."""
    with np.load(path, allow_pickle=False) as file:
        times_s = file["times_s"]
        trace = EnergyTrace(file["energy"], times_s, str(file["source"]))
        return trace, EnergyTrace(file["velocity"], times_s, "velocity")


def save_segments(
    path: Path,
    video: str,
    duration_s: float,
    segments: Sequence[Segment],
    clusters: Sequence[int | None] | None = None,
    clips: Sequence[str | None] | None = None,
) -> None:
    """segments.json: video, duration_s, and per segment start_s, end_s, codes, cluster, clip, energy_mean, energy_peak.

    clusters and clips go with the segments; null where there are none yet. Clips are paths beside the file.
    """
    none: list[None] = [None] * len(segments)
    rows = (
        {
            "index": index,
            "start_s": segment.start_s,
            "end_s": segment.end_s,
            "codes": segment.codes.tolist(),
            "cluster": cluster,
            "clip": clip,
            "energy_mean": segment.energy_mean,
            "energy_peak": segment.energy_peak,
        }
        for index, (segment, cluster, clip) in enumerate(zip(segments, clusters or none, clips or none, strict=True))
    )
    save_json(path, {"video": video, "duration_s": duration_s, "segments": rows})


def load_segments(path: Path) -> list[Segment]:
    """The segments of a file that `save_segments` wrote."""
    rows = json.loads(path.read_text())["segments"]
    return [
        Segment(
            row["start_s"],
            row["end_s"],
            np.array(row["codes"], dtype=np.int16),
            row["energy_mean"],
            row["energy_peak"],
        )
        for row in rows
    ]


def clustering_facts(clustering: Clustering) -> dict[str, Any]:
    """A clustering as JSON types: n_clusters, metrics, clusters, suggested, and per segment label and xy."""
    return {
        "n_clusters": clustering.n_clusters,
        "silhouette": clustering.silhouette,
        "calinski_harabasz": clustering.calinski_harabasz,
        "stability": clustering.stability,
        "suggested": [list(pair) for pair in clustering.suggested],
        "clusters": [asdict(facts) for facts in clustering.clusters],
        "labels": clustering.labels.tolist(),
        "xy": [[float(x), float(y)] for x, y in clustering.xy],
    }


def save_json(path: Path, data: Any) -> None:
    """Write `data` as JSON: one form, so equal data gives equal bytes. Raises ValueError on NaN.

    A line for each key of an object, and for each object of a list, so that a person or a diff can read it. A list of
    objects may be an iterator: hours of video have tens of thousands of segments, which never lie in memory as text.
    """
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_pieces(data))
        file.write("\n")


def _pieces(data: Any) -> Iterator[str]:
    if not (isinstance(data, dict) and data):
        yield from _items(data)
        return
    yield "{"
    for number, (key, value) in enumerate(data.items()):
        yield f"{',' if number else ''}\n{_line(key)}: "
        yield from _items(value)
    yield "\n}"


def _items(value: Any) -> Iterator[str]:
    if not (isinstance(value, Iterator) or (isinstance(value, list) and value and isinstance(value[0], dict))):
        yield _line(value)
        return
    empty = True
    for item in value:
        yield f"{'[' if empty else ','}\n  {_line(item)}"
        empty = False
    yield "[]" if empty else "\n]"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
