"""The content of a frozen version: taken from the database at one moment, kept in the artefact store, read back.

`vocabulary.json` holds the actions, the videos and the figures of agreement; `segments.npz` a column for each fact of
the primitives, in the order of (video, start_s, id). The digest is taken over what they say, not over the files, so it
depends on no version of zlib. docs/decisions/0015-frozen-versions.md says what "as agreed" means.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import Q

from backend.common.artefacts import store
from backend.reviews.models import KEPT_FROM
from backend.reviews.selectors import RunAgreement, agreement_at_this_moment
from backend.runs.models import Run
from backend.vocabulary.models import Action, Segment
from ml.agreement import Agreement

FORMAT = 1
VOCABULARY, SEGMENTS = "vocabulary.json", "segments.npz"
ROWS_AT_ONCE = 20_000
ROUNDS = 8

Columns = dict[str, npt.NDArray[Any]]
COLUMNS: dict[str, str] = {
    "id": "<i8",
    "video": "<i4",  # place in the videos of the vocabulary
    "index": "<i4",
    "start_s": "<f8",  # as agreed
    "end_s": "<f8",
    "cut_start_s": "<f8",  # as cut
    "cut_end_s": "<f8",
    "cluster": "<i4",  # index in the run; -1: none
    "action": "<i8",  # id; -1: none
    "quality": "<f4",  # as settled, else the mean of the reviews; NaN: none
    "n_reviews": "<i2",
    "spread": "<i2",  # highest less lowest quality; -1: no review
    "settled": "|b1",
}


@dataclass(frozen=True)
class Frozen:
    """What a version holds. `columns` all have one length."""

    vocabulary: dict[str, Any]
    columns: Columns

    def digest(self) -> str:
        """SHA-256 of the content."""
        found = hashlib.sha256(_json(self.vocabulary))
        for name, kind in COLUMNS.items():
            found.update(f"\n{name} {kind} {len(self.columns[name])}\n".encode())
            found.update(np.ascontiguousarray(self.columns[name], dtype=kind).data)
        return found.hexdigest()

    @property
    def n_named(self) -> int:
        return int(np.count_nonzero(self.columns["action"] >= 0))

    @property
    def n_rated(self) -> int:
        return int(np.count_nonzero(~np.isnan(self.columns["quality"])))

    @property
    def n_kept(self) -> int:
        return int(np.count_nonzero(self.columns["quality"] >= KEPT_FROM))

    @property
    def n_actions(self) -> int:
        return sum(not action["deprecated"] for action in self.vocabulary["actions"])

    @property
    def alpha(self) -> float | None:
        """Krippendorff's alpha of quality at that moment."""
        found: float | None = self.vocabulary["agreement"]["quality"]["alpha"]
        return found


def save(content: Frozen) -> str:
    """Keep the content; its digest, which is its key in the store."""
    digest = content.digest()
    if not store().exists(digest):
        with store().writing(digest) as folder:
            (folder / VOCABULARY).write_bytes(_json(content.vocabulary))
            with zipfile.ZipFile(folder / SEGMENTS, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, kind in COLUMNS.items():
                    # A fixed time: the same content is the same file.
                    entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    with archive.open(entry, "w", force_zip64=True) as file:
                        np.lib.format.write_array(file, np.asarray(content.columns[name], kind), allow_pickle=False)
    return digest


def load(digest: str) -> Frozen:
    """Read a version's content. Raises FileNotFoundError when the store does not have it."""
    folder = store().path(digest)
    vocabulary = json.loads((folder / VOCABULARY).read_bytes())
    with np.load(folder / SEGMENTS, allow_pickle=False) as arrays:
        columns = {name: arrays[name] for name in COLUMNS}
    return Frozen(vocabulary, columns)


def _json(vocabulary: dict[str, Any]) -> bytes:
    return json.dumps(vocabulary, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":")).encode()


# ---- from the database


def taken_from(run: Run) -> Frozen:
    """What the run and the vocabulary over it are now. Call it in a transaction that sees one moment (see
    `backend.versions.services.freeze`); memory is that of the columns, whatever the reviews."""
    videos = list(run.videos.order_by("pk"))
    columns = _columns(run, [video.pk for video in videos])
    vocabulary = {
        "format": FORMAT,
        "project": run.project.name,
        "run": run.number,
        "config_hash": run.config_hash,
        "actions": _actions(run),
        "agreement": _agreement(agreement_at_this_moment(run)),
        "videos": [
            {
                "id": video.pk,
                "sha256": video.sha256,
                "title": video.title,
                "view": video.view,
                "recording": video.recording,
                "duration_s": video.duration_s,
                "licence": video.licence,
            }
            for video in videos
        ],
    }
    return Frozen(vocabulary, columns)


def _actions(run: Run) -> list[dict[str, Any]]:
    """Those in use by the project, and deprecated ones that primitives of the run still belong to."""
    here = Q(pk__in=run.clusters.exclude(action=None).values("action"))
    singly = Q(pk__in=Segment.objects.filter(run=run, action__isnull=False).values("action"))
    rows = Action.objects.filter(Q(deprecated=False) | here | singly, project=run.project_id).order_by("pk")
    fields = ("name", "description", "subject", "verb", "object", "primitive", "colour", "digit", "deprecated")
    return [
        {"id": row.pk, **{name: getattr(row, name) for name in fields}, "examples": list(row.examples)} for row in rows
    ]


def _agreement(found: RunAgreement) -> dict[str, Any]:
    """As JSON holds it. Reviewers are numbered, not named: a version is handed on."""
    people = sorted({pk for pair in found.pairs for pk in (pair.first.pk, pair.second.pk)})
    numbers = {pk: number for number, pk in enumerate(people, 1)}
    return {
        "quality": _alpha(found.quality),
        "labels": _alpha(found.labels),
        **{name: asdict(getattr(found, name)) for name in ("start", "end", "overlap", "confidence", "funnel")},
        "confidences": found.confidences,
        "pairs": [
            {
                "first": numbers[pair.first.pk],
                "second": numbers[pair.second.pk],
                "n": pair.n,
                "same_quality": pair.same_quality,
                "mean_difference": pair.mean_difference,
                "n_labelled": pair.n_labelled,
                "same_label": pair.same_label,
            }
            for pair in found.pairs
        ],
    }


def _alpha(found: Agreement) -> dict[str, Any]:
    """Rounded: the last bits of a sum are the machine's, and the digest has to be the content's."""
    values = asdict(found)
    return {name: round(value, 12) if isinstance(value, float) else value for name, value in values.items()}


ROWS = """
    SELECT s.id, s.video_id, s.index, s.start_s, s.end_s, coalesce(c.index, -1),
        coalesce(s.action_id, c.action_id, -1), coalesce(s.quality, 'NaN'::float8), coalesce(r.n, 0),
        coalesce(r.spread, -1), coalesce(r.start_s, 'NaN'::float8), coalesce(r.end_s, 'NaN'::float8),
        (a.segment_id IS NOT NULL)::int
    FROM vocabulary_segment AS s
    LEFT JOIN vocabulary_cluster AS c ON c.id = s.cluster_id
    LEFT JOIN (
        SELECT segment_id, count(*) AS n, max(quality) - min(quality) AS spread,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY start_s) AS start_s,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY end_s) AS end_s
        FROM reviews_review WHERE run_id = %(run)s AND NOT skipped GROUP BY segment_id
    ) AS r ON r.segment_id = s.id
    LEFT JOIN reviews_adjudication AS a ON a.segment_id = s.id AND a.undone_at IS NULL
    WHERE s.run_id = %(run)s
"""
"""A primitive as cut, and the median of where its reviewers would cut: NaN where nobody corrected that edge."""


def _columns(run: Run, videos: list[int]) -> Columns:
    parts: list[npt.NDArray[np.float64]] = []
    # Ids and times both fit float64 to the last digit (2**53), so a part is one array of 13 columns.
    with connection.chunked_cursor() as cursor:
        cursor.execute(ROWS, {"run": run.pk})
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            parts.append(np.array(rows, dtype=np.float64))
    table = np.concatenate(parts) if parts else np.empty((0, 13))
    ids, video, index, start, end, cluster, action, quality, n, spread, said_start, said_end, settled = table.T
    places = np.searchsorted(np.array(videos, dtype=np.int64), video.astype(np.int64))
    order = np.lexsort((ids, start, places))
    edges = agreed_edges(places[order], start[order], end[order], said_start[order], said_end[order])
    values = (ids, places, index, start, end, start, end, cluster, action, quality, n, spread, settled)
    columns = {name: column[order].astype(kind) for (name, kind), column in zip(COLUMNS.items(), values, strict=True)}
    columns["start_s"], columns["end_s"] = edges
    again = np.lexsort((columns["id"], columns["start_s"], columns["video"]))  # a corrected start may change places
    return {name: column[again] for name, column in columns.items()}


Times = npt.NDArray[np.float64]


def agreed_edges(
    video: npt.NDArray[np.int64], cut_start: Times, cut_end: Times, said_start: Times, said_end: Times
) -> tuple[Times, Times]:
    """Where the primitives begin and end as agreed, [M] each, for primitives in the order (video, cut_start).

    said_start, said_end: the median of the reviewers' corrections; NaN where nobody corrected that edge, which then
    stays as cut. Where a correction runs into the neighbour in time, both end at the middle of what they share; a
    primitive that this (or medians out of order) would leave without a length is as cut again.
    """
    start = np.where(np.isnan(said_start), cut_start, said_start)
    end = np.where(np.isnan(said_end), cut_end, said_end)
    for attempt in range(ROUNDS):
        _as_cut(end <= start, start, end, cut_start, cut_end)
        moved = (start != cut_start) | (end != cut_end)
        meet = (video[:-1] == video[1:]) & (end[:-1] > start[1:]) & (moved[:-1] | moved[1:])
        if not meet.any():
            return start, end
        first = np.flatnonzero(meet)
        middle = (start[first + 1] + end[first]) / 2
        fits = (start[first] < middle) & (middle < end[first + 1]) & (attempt < ROUNDS - 2)
        end[first[fits]] = start[first[fits] + 1] = middle[fits]
        undone = np.zeros(len(start), dtype=bool)
        undone[first[~fits]] = undone[first[~fits] + 1] = True
        _as_cut(undone, start, end, cut_start, cut_end)
    touched = np.isin(video, video[:-1][meet])  # corrections that contradict each other all the way along
    _as_cut(touched, start, end, cut_start, cut_end)
    return start, end


def _as_cut(which: npt.NDArray[np.bool_], start: Times, end: Times, cut_start: Times, cut_end: Times) -> None:
    start[which], end[which] = cut_start[which], cut_end[which]
