"""How well segments agree with the truth (§4.1.2), always beside what chance would score.

boundaries.py: which boundaries count and how they are matched; segments.py: scores of whole segments; laps.py: the
official tool's rule; report.py: all of it over many videos.
"""

from ml.evaluation.boundaries import (
    TOLERANCES_S,
    both_ends,
    boundary_f1,
    ends,
    match,
    matched,
    random_boundaries,
    regular_grid,
)
from ml.evaluation.report import CHANCE, Comparison, Evaluation, evaluate, f1_curve

__all__ = [
    "CHANCE", "TOLERANCES_S", "Comparison", "Evaluation", "both_ends", "boundary_f1", "ends", "evaluate", "f1_curve",
    "match", "matched", "random_boundaries", "regular_grid",
]  # fmt: skip
