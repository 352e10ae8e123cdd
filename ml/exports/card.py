"""The card that goes with every export: what is in it, how it was made, how far to trust it, and what it is not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from ml.exports.dataset import SPLITS, Dataset
from ml.exports.options import Options
from ml.exports.text import markdown, one_line, plain, write_json

FORMAT = 1
NO_LICENCE = "none noted"
_TITLES = {
    "lerobot": "LeRobot v3 dataset",
    "language_action": "Language-action episodes",
    "webdataset": "WebDataset shards",
    "activitynet": "ActivityNet JSON and CSV",
    "laps": "Clips and codes in the layout of LAPS",
}
_LIMITS = (
    "Primitives were found by a method and judged by people; the figures above say how far those people agree.",
    "Codes are latent: they are what this run's tokenizer makes of motion in the picture, not a robot's commands, and "
    "codes of two tokenizers cannot be compared.",
    "Train, validation and test are split by whole videos. Views of one recording may lie in different splits unless "
    "whoever split them kept them together.",
    "Nothing here says that the people in the videos agreed to be in a data set.",
)


def write_card(
    dataset: Dataset, folder: Path, kind: str, options: Options, made: dict[str, Any], notes: tuple[str, ...] = ()
) -> None:
    """Write `card.json`, the facts, and `README.md`, the same in words, into `folder`.

    made: what the writer counted (episodes, frames, shards); notes: what a reader of this kind has to know.
    """
    facts = facts_of(dataset, kind, options, made, notes)
    write_json(facts, folder / "card.json")
    (folder / "README.md").write_text(_readme(facts), encoding="utf-8", newline="\n")


def facts_of(
    dataset: Dataset, kind: str, options: Options, made: dict[str, Any], notes: tuple[str, ...] = ()
) -> dict[str, Any]:
    """What the card says, as JSON types. Depends on the dataset and the options alone."""
    split_of = {source.key: source.split for source in dataset.sources}
    in_split, in_source = Counter(split_of[p.source] for p in dataset.primitives), Counter[str]()
    per_action: dict[int | None, Counter[str]] = {}
    for primitive in dataset.primitives:
        in_source[primitive.source] += 1
        per_action.setdefault(primitive.action, Counter())[split_of[primitive.source]] += 1
    lengths_s = sum(p.end_s - p.start_s for p in dataset.primitives)
    return {
        "format": FORMAT,
        "kind": kind,
        "name": plain(dataset.name),
        "options": options.to_dict(),
        "made": made,
        "notes": list(notes),
        "how": {
            "version": plain(dataset.version),
            "version_digest": dataset.digest,
            "run": dataset.run,
            "config_hash": dataset.config_hash,
            "preset": dataset.preset,
            "n_codes": dataset.n_codes,
            "steps_per_s": dataset.fps,
        },
        "counts": {
            "primitives": len(dataset.primitives),
            "seconds": round(lengths_s, 3),
            "steps": sum(len(p.codes) for p in dataset.primitives),
            "rated": sum(p.quality is not None for p in dataset.primitives),
            "splits": {split: in_split[split] for split in SPLITS},
            "actions": [
                {
                    "id": key,
                    "name": plain(dataset.actions[key].name) if key is not None else None,
                    "primitives": found.total(),
                    **{split: found[split] for split in SPLITS},
                }
                for key, found in sorted(per_action.items(), key=lambda item: (item[0] is None, item[0] or 0))
            ],
            "sources": [
                {
                    "key": source.key,
                    "title": plain(source.title),
                    "sha256": source.sha256,
                    "view": plain(source.view),
                    "recording": plain(source.recording),
                    "licence": plain(source.licence),
                    "duration_s": source.duration_s,
                    "split": source.split,
                    "primitives": in_source[source.key],
                }
                for source in dataset.sources
            ],
        },
        "figures": dataset.figures,
    }


def _readme(facts: dict[str, Any]) -> str:
    how, counts = facts["how"], facts["counts"]
    lines = [
        f"# {markdown(facts['name'])}",
        "",
        f"{_TITLES[facts['kind']]}: {counts['primitives']} action primitives, {counts['seconds'] / 60:.1f} minutes, "
        f"of {len(counts['sources'])} videos. `card.json` holds the same facts for programs.",
        "",
        "## What is in it",
        "",
        *_table(
            ("Action", "Primitives", *SPLITS),
            [
                (
                    markdown(row["name"]) if row["name"] is not None else "(not named)",
                    row["primitives"],
                    *(row[split] for split in SPLITS),
                )
                for row in counts["actions"]
            ],
        ),
        *(f"- {_words(name)}: {value}" for name, value in facts["made"].items() if isinstance(value, int | str)),
        "",
        "## How far people agree",
        "",
        *_agreement(facts["figures"]),
        "",
        "## Videos",
        "",
        *_table(
            ("Video", "Split", "View", "Seconds", "Primitives", "Licence"),
            [
                (
                    markdown(row["title"]),
                    row["split"],
                    markdown(row["view"]),
                    f"{row['duration_s']:.1f}",
                    row["primitives"],
                    markdown(row["licence"]) if row["licence"].strip() else NO_LICENCE,
                )
                for row in counts["sources"]
            ],
        ),
        *_licences(counts["sources"]),
        "",
        "## How it was made",
        "",
        f"- Vocabulary: version {markdown(how['version'])}, digest `{one_line(how['version_digest'])}`",
        f"- Run {how['run']}, configuration `{one_line(how['config_hash'])}`, preset {markdown(how['preset'])}",
        f"- {how['n_codes']} codes, {how['steps_per_s']:g} steps a second",
        *(f"- Option {_words(name)}: {_value(value)}" for name, value in facts["options"].items()),
        *(
            f"- Filter {_words(name)}: {_value(value)}"
            for name, value in (facts["figures"].get("filter") or {}).items()
        ),
        "",
        "## What to know",
        "",
        *(f"- {note}" for note in (*facts["notes"], *_LIMITS)),
        "",
    ]
    return "\n".join(lines)


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return [*(f"| {' | '.join(str(value) for value in row)} |" for row in lines), ""]


def _agreement(figures: dict[str, Any]) -> list[str]:
    said = []
    for name, what in (("quality", "Quality, interval scale"), ("labels", "Labels, nominal scale")):
        found = figures.get(name) or {}
        alpha, low, high = (found.get(key) for key in ("alpha", "low", "high"))
        if alpha is None:
            said.append(f"- {what}: Krippendorff's alpha is not defined: too few primitives were judged by two people.")
            continue
        interval = f", 95 % interval {low:.3f} to {high:.3f}" if low is not None and high is not None else ""
        judged = f"{found.get('n_units', 0)} primitives judged by two or more ({found.get('n_ratings', 0)} ratings)"
        said.append(f"- {what}: Krippendorff's alpha {alpha:.3f}{interval}, over {judged}.")
    if funnel := figures.get("funnel"):
        said.append(
            f"- Retention: {funnel.get('candidates', 0)} candidates, {funnel.get('rated', 0)} rated, "
            f"{funnel.get('kept', 0)} kept (mean quality 2 or more)."
        )
    if retention := figures.get("retention"):
        counted = ", ".join(f"{_words(name)} {number}" for name, number in retention.items())
        said.append(f"- What the filter did: {markdown(counted)}.")
    return said


def _licences(sources: list[dict[str, Any]]) -> list[str]:
    without = sum(not row["licence"].strip() for row in sources)
    if not without:
        return ["Licences are as they were noted on the videos."]
    return [
        f"No licence is noted on {without} of {len(sources)} videos: ask whoever owns them before you pass this on.",
    ]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _value(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{_words(str(name))} {_value(one)}" for name, one in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(_value(one) for one in value) or "none"
    return markdown(str(value))
