"""What a reviewer is not shown of a primitive before judging it: the mean of what others gave it (LA4VLA §7.6).

Where one other person has rated, the mean is that rating. Viewers do not rate and managers adjudicate: both see it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db.models import Q

from backend.projects.models import Membership, Role
from backend.vocabulary.models import Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backend.projects.models import User
    from backend.runs.models import Run


def judges_blind(user: User, project: int) -> bool:
    """True for those who review in the project and do not manage it."""
    return Membership.objects.filter(user=user, project=project, role=Role.REVIEWER).exists()


def judged_by(user: User) -> Q:
    """Segments the user has given a rating; a skipped one is not judged."""
    return Q(reviews__reviewer=user, reviews__skipped=False)


def veiled(user: User, segments: Iterable[Segment]) -> list[Segment]:
    """These rows of one project, without the quality that the user is not to see yet. Never save them."""
    rows = list(segments)
    rated = [row.pk for row in rows if row.quality is not None]
    if rated and judges_blind(user, rows[0].project_id):
        seen = set(Segment.objects.filter(judged_by(user), pk__in=rated).values_list("pk", flat=True))
        for row in rows:
            if row.pk not in seen:
                row.quality = None
    return rows


def veiled_column(user: User, run: Run, ids: NDArray[Any], quality: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same of a whole run: `quality` [n] of the segments `ids` [n], NaN where it is not to be seen yet."""
    if not judges_blind(user, run.project_id):
        return quality
    seen = Segment.objects.filter(judged_by(user), run=run).values_list("pk", flat=True)
    return np.where(np.isin(ids, list(seen)), quality, np.float32(np.nan)).astype(np.float32)
