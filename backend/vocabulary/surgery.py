"""What people do to a vocabulary: name, merge, split, move, take names over, and take any of it back.

Every function is one step: one transaction, one row of history that holds the rows it touched as they were before and
after. Steps of a project are taken one at a time, under the project's lock. Nothing is deleted: an action that is no
longer wanted, or whose making was undone, is deprecated (docs/decisions/0011-actions-over-clusters.md).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.utils import timezone
from pgvector.django import MaxInnerProduct
from sklearn.cluster import KMeans

from backend.common import events
from backend.common.names import shown_name
from backend.projects import audit
from backend.projects.models import Project, User
from backend.runs.models import Run
from backend.vocabulary.exceptions import (
    ActionDeprecated,
    CannotSplit,
    ChangedMeanwhile,
    NameTaken,
    NoName,
    NoSuchExample,
    NoSuchGroup,
    NothingToChange,
    NothingToUndo,
)
from backend.vocabulary.models import Action, Cluster, Segment, SegmentQuerySet, VocabularyChange

LONGEST_NAME = 120
LONGEST_SUMMARY = 300
EDITABLE = (
    "name", "description", "subject", "verb", "object", "primitive", "colour", "digit", "examples", "deprecated",
)  # fmt: skip
SPLIT_SAMPLE = 4000
"""Primitives the two halves are looked for in; the others are then told apart by the database."""


@dataclass(frozen=True)
class Done:
    """A step that was taken, and the action it led to, if it is about one."""

    change: VocabularyChange
    action: Action | None = None


# ---- one step


@dataclass
class _Step:
    """Collects what a step touches: rows by kind and id, as they were and as they are now."""

    project: Project
    run: Run | None
    by: User
    before: dict[str, dict[str, Any]] = field(default_factory=lambda: {"actions": {}, "clusters": {}, "segments": {}})
    after: dict[str, dict[str, Any]] = field(default_factory=lambda: {"actions": {}, "clusters": {}, "segments": {}})

    def make_action(self, name: str, colour: int, **fields: str) -> Action:
        name = clean_name(name)
        try:
            with transaction.atomic():  # the constraint decides, so two people cannot make the same action
                made = self.project.actions.create(name=name, colour=colour, created_by=self.by, **fields)
        except IntegrityError as error:
            raise _name_taken(self.project, name) from error
        self.before["actions"][str(made.pk)] = None
        self.after["actions"][str(made.pk)] = {name: getattr(made, name) for name in EDITABLE}
        return made

    def edit_action(self, action: Action, values: Mapping[str, Any]) -> None:
        if values.get("deprecated"):
            values = {**values, "digit": None}  # the key is free for another
        changed = {name: value for name, value in values.items() if getattr(action, name) != value}
        if not changed:
            return
        before = self.before["actions"].setdefault(str(action.pk), {})
        for name in changed:
            before.setdefault(name, getattr(action, name))
        _save_action(action, changed)
        self.after["actions"].setdefault(str(action.pk), {}).update(changed)

    def give_digit(self, action: Action, digit: int) -> Action | None:
        """Label with the action by that key from now on. The action that had the key, if any, which takes over the
        other's."""
        holder = self.project.actions.current().filter(digit=digit).exclude(pk=action.pk).first()
        if holder is not None:
            freed = action.digit
            self.edit_action(action, {"digit": None})  # no two have one key, not even for a moment
            self.edit_action(holder, {"digit": freed})
        self.edit_action(action, {"digit": digit})
        return holder

    def map_clusters(self, clusters: Iterable[Cluster], action: Action) -> None:
        for cluster in clusters:
            if cluster.action_id == action.pk:
                continue
            self.before["clusters"].setdefault(str(cluster.pk), cluster.action_id)
            self.after["clusters"][str(cluster.pk)] = cluster.action_id = action.pk
            cluster.save(update_fields=["action"])

    def move_segments(self, segments: SegmentQuerySet, action: Action | None) -> int:
        """How many were moved. Those whose cluster has the action already simply go back to it."""
        target = None if action is None else action.pk
        moved: dict[int | None, list[int]] = {}
        rows = segments.order_by("pk").select_for_update(of=("self",))
        for pk, own, of_cluster in rows.values_list("pk", "action_id", "cluster__action_id"):
            becomes = None if target == of_cluster else target
            if own != becomes:
                self.before["segments"].setdefault(str(pk), own)
                self.after["segments"][str(pk)] = becomes
                moved.setdefault(becomes, []).append(pk)
        for becomes, ids in moved.items():
            Segment.objects.filter(pk__in=ids).update(action=becomes)
        return sum(map(len, moved.values()))

    def retire_if_unused(self, action: Action) -> None:
        if not _is_used(action.pk):
            self.edit_action(action, {"deprecated": True})

    def finish(self, kind: str, summary: str) -> VocabularyChange:
        if not any(self.after.values()):
            raise NothingToChange("That is how it is already.")
        change = VocabularyChange.objects.create(
            project=self.project,
            run=self.run,
            kind=kind,
            summary=summary[:LONGEST_SUMMARY],
            before=self.before,
            after=self.after,
            by=self.by,
        )
        _record(change, self.by, change.summary)
        _announce(change)
        return change


def _begin(project_id: int, by: User, run: Run | None = None) -> _Step:
    """Take the project's lock, then the run's: a worker that writes its clusters anew waits, or we do."""
    # Not FOR UPDATE: that would hold up every insert of a row that refers to the project, such as a worker's.
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    if run is not None:
        Run.objects.select_for_update(no_key=True).get(pk=run.pk)
    return _Step(project, run, by)


def _record(change: VocabularyChange, by: User, summary: str) -> None:
    audit.record(
        change.project_id, by=by, kind="vocabulary.changed", summary=summary, change=change.pk, step=change.kind
    )


def _announce(change: VocabularyChange) -> None:
    events.publish(
        change.project_id,
        kind="vocabulary",
        id=change.pk,
        run=change.run_id,
        video=None,
        stage=None,
        status=change.kind,
        progress=None,
        message=change.summary,
    )


def clean_name(text: str) -> str:
    """A name as it is kept: one line, composed, something to see in it. Raises NoName."""
    name = shown_name(unicodedata.normalize("NFC", text), LONGEST_NAME)
    if not any(unicodedata.category(c)[0] not in "ZC" for c in name):
        raise NoName("A name needs at least one letter that can be seen.")
    return name


def _save_action(action: Action, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(action, name, value)
    try:
        with transaction.atomic():
            action.save(update_fields=list(values))
    except IntegrityError as error:
        if "action_digit_unique_in_project" not in str(error):
            raise _name_taken(action.project, action.name) from error
        holder = action.project.actions.current().get(digit=action.digit)
        raise ChangedMeanwhile(f"The key {action.digit} belongs to “{holder.name}” meanwhile.") from error


def _name_taken(project: Project, name: str) -> NameTaken:
    there = project.actions.current().filter(name__iexact=name).first()
    details = {} if there is None else {"action": there.pk}
    return NameTaken(f"There is an action “{name}” already. Merge into it, or choose another name.", **details)


def _is_used(action: int) -> bool:
    return Cluster.objects.filter(action=action).exists() or Segment.objects.filter(action=action).exists()


# ---- groups


@dataclass
class _Group:
    """What a card stands for: an action with all of the run that is of it, or a cluster without a name."""

    run: Run
    action: Action | None
    clusters: list[Cluster]

    @property
    def name(self) -> str:
        return f"“{self.action.name}”" if self.action is not None else self.clusters[0].name.lower()

    @property
    def plain_name(self) -> str:
        return self.action.name if self.action is not None else self.clusters[0].name

    def segments(self) -> SegmentQuerySet:
        rows: SegmentQuerySet = Segment.objects.filter(run=self.run)
        if self.action is not None:
            return rows.of_action(self.action.pk)
        return rows.filter(cluster=self.clusters[0], action=None)


def _group(run: Run, key: str) -> _Group:
    """The group `action:7` (id) or `cluster:3` (index in the run). Raises NoSuchGroup, ChangedMeanwhile."""
    kind, _, number = key.partition(":")
    if kind == "action":
        action = Action.objects.filter(project=run.project_id, pk=int(number)).select_related("project").first()
        if action is None:
            raise NoSuchGroup("This project has no such action.")
        return _Group(run, action, list(run.clusters.filter(action=action)))
    cluster = run.clusters.filter(index=int(number)).select_related("action").first()
    if cluster is None:
        raise NoSuchGroup(f"{run} has no cluster {int(number) + 1}.".capitalize())
    if cluster.action is not None:
        raise ChangedMeanwhile(f"{cluster.name} has been named “{cluster.action.name}” meanwhile.")
    return _Group(run, None, [cluster])


def _named(step: _Step, group: _Group, name: str | None = None) -> Action:
    """The group's action; an unnamed cluster is given one."""
    if group.action is None:
        cluster = group.clusters[0]
        wanted = name or _free_name(step.project, cluster.name)
        group.action = step.make_action(wanted, _colour(step.project, group.run, cluster.index))
        step.map_clusters([cluster], group.action)
    if group.action.deprecated:
        raise ActionDeprecated(f"“{group.action.name}” is deprecated. Bring it back first.")
    return group.action


def _free_name(project: Project, wanted: str) -> str:
    taken = {name.casefold() for name in project.actions.current().values_list("name", flat=True)}
    wanted = wanted[: LONGEST_NAME - 6].strip()
    numbered = (f"{wanted} {n}" for n in range(2, len(taken) + 3))
    return wanted if wanted.casefold() not in taken else next(n for n in numbered if n.casefold() not in taken)


def _colour(project: Project, run: Run, own: int | None = None) -> int:
    """The cluster's own colour, which people know it by, or the first one nobody uses."""
    taken = set(project.actions.current().values_list("colour", flat=True))
    if own is not None and own not in taken:
        return own
    taken |= set(run.clusters.filter(action=None).values_list("index", flat=True))
    return next(colour for colour in range(len(taken) + 1) if colour not in taken)


# ---- the steps


@transaction.atomic
def name_cluster(*, run: Run, cluster: int, name: str, by: User) -> Done:
    """Make an action of the run's cluster of that index.

    Raises:
        NameTaken: another action of the project has the name.
        ChangedMeanwhile: somebody named the cluster before.
    """
    step = _begin(run.project_id, by, run)
    group = _group(run, f"cluster:{cluster}")
    was = group.name
    action = _named(step, group, clean_name(name))
    return Done(step.finish("name", f"Named {was} “{action.name}”"), action)


@transaction.atomic
def edit_action(
    *, action: Action, values: Mapping[str, Any], by: User, expected: Mapping[str, Any] | None = None
) -> Done:
    """Change an action's fields. `expected` holds what the person saw in them.

    Raises:
        ChangedMeanwhile: a field of `expected` is another by now.
        NameTaken: another action of the project has the name.
        NoSuchExample: an example is not a primitive of the project.

    A digit that another action has is swapped with it.
    """
    step = _begin(action.project_id, by)
    action = Action.objects.select_related("project").get(pk=action.pk)
    _refuse_changed(action, expected or {})
    wanted = dict(values)
    if "name" in wanted:
        wanted["name"] = clean_name(wanted["name"])
    if "examples" in wanted:
        wanted["examples"] = _checked_examples(action, wanted["examples"])
    was, had = action.name, action.digit
    digit = wanted.get("digit")
    if digit is not None:
        del wanted["digit"]  # given below: another may have it
    step.edit_action(action, wanted)
    if digit is not None and action.deprecated:
        raise ActionDeprecated(f"“{was}” is deprecated. Bring it back before you give it a key.")
    holder = step.give_digit(action, digit) if digit is not None else None
    changed = step.after["actions"].get(str(action.pk), {})
    if changed.keys() == {"digit"} and digit is not None:
        swapped = "" if holder is None else f", which “{holder.name}” had; that one has {_key(had)} now"
        return Done(step.finish("edit", f"Gave “{was}” the key {digit}{swapped}"), action)
    if "name" in changed:
        return Done(step.finish("rename", f"Renamed “{was}” to “{action.name}”"), action)
    if "deprecated" in changed:
        summary = f"Deprecated “{was}”" if action.deprecated else f"Brought “{was}” back"
        return Done(step.finish("deprecate", summary), action)
    return Done(step.finish("edit", f"Changed {', '.join(changed)} of “{was}”"), action)


def _key(digit: int | None) -> str:
    return "no key" if digit is None else f"the key {digit}"


def _checked_examples(action: Action, examples: Sequence[int]) -> list[int]:
    wanted = list(dict.fromkeys(examples))
    if Segment.objects.filter(project=action.project_id, pk__in=wanted).count() != len(wanted):
        raise NoSuchExample("Some of these examples are not primitives of this project any more.")
    return wanted


def _refuse_changed(action: Action, expected: Mapping[str, Any]) -> None:
    for field_name, seen in expected.items():
        now = getattr(action, field_name)
        if now == seen:
            continue
        last = action.project.vocabulary_changes.filter(after__actions__has_key=str(action.pk)).first()
        by = "" if last is None else f" by {(last.undone_by or last.by).shown_name}"
        match field_name:
            case "name":
                what = f"“{seen}” was renamed to “{now}”{by} meanwhile."
            case "deprecated":
                what = f"“{action.name}” was {'deprecated' if now else 'brought back'}{by} meanwhile."
            case "examples" | "description":
                what = f"The {field_name} of “{action.name}” was changed{by} meanwhile."
            case _:
                shown = "none" if now in (None, "") else f"“{now}”"
                what = f"The {field_name} of “{action.name}” was changed to {shown}{by} meanwhile."
        raise ChangedMeanwhile(what, field=field_name)


@transaction.atomic
def merge(*, run: Run, groups: Sequence[str], into: str, by: User, name: str | None = None) -> Done:
    """Put what the run has of `groups` into the group `into`; an unnamed cluster that takes others in becomes an
    action. An action nothing refers to any more, in any run, is deprecated."""
    step = _begin(run.project_id, by, run)
    target = _group(run, into)
    merged = [_group(run, key) for key in dict.fromkeys(groups) if key != into]
    if not merged:
        raise NothingToChange("Choose something else to merge into.")
    if target.action is None and name is None:
        others = [group.plain_name for group in merged if group.action is not None]
        # Dragged onto a cluster without a name, an action brings its own along.
        if others:
            target, named = next(group for group in merged if group.action is not None), target
            merged = [named, *(group for group in merged if group is not target)]
    names = ", ".join(group.name for group in merged)
    action = _named(step, target, name)
    for group in merged:
        step.map_clusters(group.clusters, action)
        if group.action is not None:
            step.move_segments(Segment.objects.filter(run=run, action=group.action), action)
            step.retire_if_unused(group.action)
    _tidy(step, run, action)
    return Done(step.finish("merge", f"Merged {names} into “{action.name}”"), action)


def _tidy(step: _Step, run: Run, action: Action) -> None:
    """Those of the action singly whose cluster has become the action's too: back to their cluster."""
    step.move_segments(Segment.objects.filter(run=run, action=action, cluster__action=action), action)


@transaction.atomic
def move(*, run: Run, segments: Sequence[int], to: str, by: User, name: str | None = None) -> Done:
    """Put single segments of the run to the group `to`: `action:7`, `cluster:3`, `new` (an action called `name`), or
    `own` (each back to its cluster)."""
    step = _begin(run.project_id, by, run)
    wanted = set(segments)
    rows = Segment.objects.filter(run=run, pk__in=wanted)
    if rows.count() != len(wanted):
        raise NoSuchGroup(f"Some of these primitives are not of {run}.")
    if to == "own":
        n = step.move_segments(rows, None)
        return Done(step.finish("move", f"Put {_primitives(n)} back into their clusters"))
    if to == "new":
        action = step.make_action(name or _free_name(step.project, "New action"), _colour(step.project, run))
        n = step.move_segments(rows, action)
        return Done(step.finish("split", f"Made “{action.name}” of {_primitives(n)}"), action)
    action = _named(step, _group(run, to), name)
    n = step.move_segments(rows, action)
    return Done(step.finish("move", f"Moved {_primitives(n)} to “{action.name}”"), action)


def _primitives(n: int) -> str:
    return f"{n:,} primitive" if n == 1 else f"{n:,} primitives"


@transaction.atomic
def split(*, run: Run, group: str, by: User, name: str | None = None) -> Done:
    """Cut a group in two by its movements (k = 2); the smaller half becomes a new action.

    Raises:
        CannotSplit: there are not two kinds of movement in it.
    """
    step = _begin(run.project_id, by, run)
    found = _group(run, group)
    total = found.segments().count()
    smaller = _smaller_half(run, found.segments())
    wanted = name or _free_name(step.project, f"{found.plain_name} 2")
    action = step.make_action(wanted, _colour(step.project, run))
    n = step.move_segments(Segment.objects.filter(pk__in=smaller), action)
    return Done(step.finish("split", f"Split {n:,} of {total:,} off {found.name} as “{action.name}”"), action)


def _smaller_half(run: Run, rows: SegmentQuerySet) -> list[int]:
    """The ids of the smaller of two halves by k-means on the sphere (§3.2.2 with k = 2).

    The centres come from at most `SPLIT_SAMPLE` vectors, spread evenly over the ids, standardised by what the run's
    look like and put on the sphere, as they were when the run was clustered. Of two centres a and b on the sphere, x
    is a's where (a − b)·(x − μ)/σ > 0: a plane. So the database can tell any number of rows apart without sending
    their vectors, and neither 300,000 of them nor the k-means of 4,000 keeps the web process for long.
    """
    rows = rows.filter(embedding__isnull=False).order_by()
    vectors = _sample(rows)  # [M, 256]
    if len(vectors) < 2:
        raise CannotSplit("One primitive cannot be split.")
    of_run = _sample(Segment.objects.filter(run=run, embedding__isnull=False))
    mean, spread = of_run.mean(axis=0), of_run.std(axis=0)
    spread = np.where(spread > 1e-6, spread, np.inf)  # what never varies tells nothing apart
    standard = (vectors - mean) / spread
    lengths = np.linalg.norm(standard, axis=1, keepdims=True)
    if np.ptp(standard, axis=0).max() == 0:
        raise CannotSplit("Its primitives move alike to the last digit: there is nothing to split by.")
    centres = KMeans(2, n_init=10, random_state=42).fit(standard / np.maximum(lengths, 1e-12)).cluster_centers_
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    plane = (centres[0] - centres[1]) / spread  # [256]
    scale = float(np.linalg.norm(plane)) or 1.0
    plane, beyond = plane / scale, float(plane @ mean) / scale
    # `MaxInnerProduct` is −x·plane.
    told = rows.annotate(side=MaxInnerProduct("embedding", plane.tolist()))
    halves = [list(told.filter(side__lt=-beyond).values_list("pk", flat=True))]
    halves.append(list(told.filter(side__gte=-beyond).values_list("pk", flat=True)))
    smaller = min(halves, key=len)
    if not smaller:
        raise CannotSplit("Its primitives move too much alike to be split in two.")
    return smaller


def _sample(rows: SegmentQuerySet) -> np.ndarray:
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    chosen = Segment.objects.filter(pk__in=ids[:: max(1, -(-len(ids) // SPLIT_SAMPLE))]).order_by("pk")
    return np.array(list(chosen.values_list("embedding", flat=True)))


@transaction.atomic
def carry_over(*, run: Run, source: Run, actions: Mapping[int, int], by: User) -> Done:
    """Give clusters of the run (by index) the actions a person confirmed, in one step."""
    step = _begin(run.project_id, by, run)
    wanted = {a.pk: a for a in Action.objects.current().filter(project=run.project_id, pk__in=set(actions.values()))}
    for index, pk in actions.items():
        group = _group(run, f"cluster:{index}")
        if pk not in wanted:
            raise ChangedMeanwhile("One of these actions is gone or deprecated. Look at the proposals again.")
        step.map_clusters(group.clusters, wanted[pk])
    for action in wanted.values():
        _tidy(step, run, action)
    n = len(actions)
    return Done(step.finish("carry", f"Took {n} name{'' if n == 1 else 's'} over from {source}"))


# ---- there and back


def undoable(project: Project, by: User) -> VocabularyChange | None:
    """The step that undo takes back: the person's own last one that stands."""
    return project.vocabulary_changes.filter(by=by, undone_at=None).order_by("-id").first()


def redoable(project: Project, by: User) -> VocabularyChange | None:
    """What the person undid last, unless they have changed something else since."""
    standing = undoable(project, by)
    undone = project.vocabulary_changes.filter(undone_by=by, undone_at__isnull=False)
    if standing is not None:
        undone = undone.filter(undone_at__gt=standing.at)
    return undone.order_by("-undone_at", "id").first()


@transaction.atomic
def undo(*, project: Project, by: User, change: int | None = None) -> Done:
    """Write back what a step changed: the person's own last step, or the one named.

    Raises:
        NothingToUndo: there is none, or it is undone already.
        ChangedMeanwhile: what it changed has been changed again since.
    """
    step = _begin(project.pk, by)
    chosen = undoable(project, by) if change is None else _change(project, change)
    if chosen is None or chosen.undone_at is not None:
        raise NothingToUndo("There is nothing of yours to undo." if change is None else "This step is undone already.")
    _write(step.project, chosen, expected=chosen.after, wanted=chosen.before, verb="undone")
    chosen.undone_at, chosen.undone_by = timezone.now(), by
    chosen.save(update_fields=["undone_at", "undone_by"])
    _record(chosen, by, f"Undid: {chosen.summary}")
    _announce(chosen)
    return Done(chosen)


@transaction.atomic
def redo(*, project: Project, by: User, change: int | None = None) -> Done:
    """Take a step again that was undone.

    Raises:
        NothingToUndo: there is none, or it stands.
        ChangedMeanwhile: what it would change has been changed since.
    """
    step = _begin(project.pk, by)
    chosen = redoable(project, by) if change is None else _change(project, change)
    if chosen is None or chosen.undone_at is None:
        raise NothingToUndo("There is nothing to redo." if change is None else "This step stands.")
    _write(step.project, chosen, expected=chosen.before, wanted=chosen.after, verb="done again")
    chosen.undone_at = chosen.undone_by = None
    chosen.save(update_fields=["undone_at", "undone_by"])
    _record(chosen, by, f"Did again: {chosen.summary}")
    _announce(chosen)
    return Done(chosen)


def _change(project: Project, pk: int) -> VocabularyChange:
    found = project.vocabulary_changes.filter(pk=pk).first()
    if found is None:
        raise NoSuchGroup("The history of this project has no such step.")
    return found


Rows = Mapping[str, Mapping[str, Any]]


def _write(project: Project, change: VocabularyChange, *, expected: Rows, wanted: Rows, verb: str) -> None:
    """Put `wanted` where `expected` is, or raise ChangedMeanwhile with nothing written."""
    refusal = f"“{change.summary}” cannot be {verb}: "
    actions = {str(a.pk): a for a in project.actions.select_related("project").filter(pk__in=list(wanted["actions"]))}
    for pk, fields in expected["actions"].items():
        action = actions[pk]
        seen = {"deprecated": True} if fields is None else fields
        for name, value in seen.items():
            if getattr(action, name) != value:
                raise ChangedMeanwhile(refusal + f"“{action.name}” has been changed since.")
    for model, kind in ((Cluster, "clusters"), (Segment, "segments")):
        ids = [int(pk) for pk in expected[kind]]
        now = dict(model.objects.filter(pk__in=ids).select_for_update(of=("self",)).values_list("pk", "action_id"))
        differ = [pk for pk in ids if pk not in now or now[pk] != expected[kind][str(pk)]]
        if differ:
            n, one = len(differ), kind[:-1] if kind == "clusters" else "primitive"
            what = f"a {one} it changed has" if n == 1 else f"{n:,} {one}s it changed have"
            raise ChangedMeanwhile(refusal + f"{what} been changed since.")
        by_action: dict[int | None, list[int]] = {}
        for pk, action_id in wanted[kind].items():
            by_action.setdefault(action_id, []).append(int(pk))
        for action_id, group in by_action.items():
            model.objects.filter(pk__in=group).update(action=action_id)
    keys = [pk for pk, fields in wanted["actions"].items() if fields is None or "digit" in fields]
    Action.objects.filter(pk__in=keys).update(digit=None)  # two may have swapped theirs
    for pk, fields in wanted["actions"].items():
        action = actions[pk]
        values = {"deprecated": True} if fields is None else dict(fields)
        if values.get("deprecated") and change.kind != "deprecate" and _is_used(action.pk):
            raise ChangedMeanwhile(refusal + f"“{action.name}” is used elsewhere since.")
        _save_action(action, values)
