"""Writes of sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction

from backend.common import events
from backend.projects import audit
from backend.projects.models import User
from backend.runs.models import Run
from backend.selections.exceptions import NothingSelected, NotOfThisRun, SetNameTaken
from backend.selections.models import PrimitiveSet
from backend.selections.selectors import segments_of


def checked_ids(run: Run, ids: Iterable[int]) -> list[int]:
    """The ids without repetition, in order.

    Raises:
        NothingSelected: there is none.
        NotOfThisRun: some are of another run, or gone.
    """
    wanted = sorted(set(ids))
    if not wanted:
        raise NothingSelected("Select some primitives first.")
    found = segments_of(run, wanted).count()
    if found != len(wanted):
        raise NotOfThisRun(f"{len(wanted) - found} of these primitives are not of run {run.number}.")
    return wanted


def save_set(*, run: Run, name: str, ids: Sequence[int], for_review: bool, by: User) -> PrimitiveSet:
    """Keep some primitives of a run under a name. Raises what `checked_ids` does, and SetNameTaken."""
    kept = checked_ids(run, ids)
    with _name_decides():
        made = PrimitiveSet.objects.create(
            project_id=run.project_id, run=run, name=name, segments=kept, for_review=for_review, created_by=by
        )
        _record(made, "saved", f"Saved {len(kept):,} primitives of run {run.number} as “{name}”.", by)
        return made


def _record(found: PrimitiveSet, verb: str, summary: str, by: User) -> None:
    audit.record(found.project_id, by=by, kind=f"set.{verb}", summary=summary, set=found.pk, run=found.run_id)
    events.publish(found.project_id, kind="set", id=found.pk, run=found.run_id, status=verb)


def change_set(found: PrimitiveSet, *, by: User, name: str | None = None, for_review: bool | None = None) -> None:
    """Rename a set, or say whether it waits for reviewers. Raises SetNameTaken."""
    changed: dict[str, Any] = {"name": name, "for_review": for_review}
    changed = {field: value for field, value in changed.items() if value is not None}
    with _name_decides():
        PrimitiveSet.objects.filter(pk=found.pk).update(**changed)
        what = f"Renamed the set “{found.name}” to “{name}”" if name is not None else f"Changed the set “{found.name}”"
        _record(found, "changed", what + ".", by)


@transaction.atomic
def delete_set(found: PrimitiveSet, *, by: User) -> None:
    """The primitives stay."""
    _record(found, "deleted", f"Deleted the set “{found.name}”.", by)
    PrimitiveSet.objects.filter(pk=found.pk).delete()


@contextmanager
def _name_decides() -> Iterator[None]:
    """The unique constraint decides, so that two people cannot race."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "set_name_unique_in_project" not in str(error):
            raise
        raise SetNameTaken("There is a set of this name already.") from error
