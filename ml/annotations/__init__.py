"""What is said of a video, by people or by a method, read from the file formats of the field.

| format | file | told by |
|---|---|---|
| ActivityNet | `{"database": {id: {"duration", "annotations": [{"segment": [s, e], "label"}]}}}` | `database` |
| ActivityNet predictions | `{"results": {id: [{"segment", "label", "score"}]}}` | `results` |
| `kineme discover` | `<video>/segments.json`, see `ml.store` | `start_s` |
| official LAPS | `<stem>_segments.json`, else `<stem>_segments_noisy.json`; energies beside it | `start_sec` |
| hand annotations, `ml.synthetic` | `{"duration_s", "boundaries", "segments": [{"start", "end", "label"}]}` | `start` |
| VIA 3 | `{"metadata": {id: {"vid", "z": [s, e], "av"}}, "attribute", "file"}` | `metadata`, `attribute` |
| table | start, end and, if there is one, label; a column may name the video | `.csv`, `.tsv` |
| BORIS | its aggregated events, as a table; its tabular events, START and STOP | `.csv`, `.tsv` |
| ELAN | tiers of labels between time slots | `.eaf` |
| frame labels (GTEA, 50 Salads) | text, one label a line, and the frames per second | `.txt` |

Background is no action. Every reader leaves out the parts whose label is in `BACKGROUND`, so that nobody after it
has to know those words: what no interval covers is background.
"""

from ml.annotations.model import BACKGROUND, Annotation, Interval, from_frame_labels, is_background
from ml.annotations.reading import format_of, read_annotation, read_annotation_of, read_annotations

__all__ = [
    "BACKGROUND",
    "Annotation",
    "Interval",
    "format_of",
    "from_frame_labels",
    "is_background",
    "read_annotation",
    "read_annotation_of",
    "read_annotations",
]
