"""What people see of projects, and of themselves in them."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, FloatField, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Sum, TextField
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404

from backend.common.errors import Forbidden
from backend.projects.models import Membership, Project, ProjectQuerySet, Role, User


def project_rows(user: User | AnonymousUser) -> ProjectQuerySet:
    """The user's projects with what a project card shows.

    `n_segments` counts the newest finished run, `poster_*` name the newest video that has a poster.
    """

    def of_project(query: QuerySet[Project], value: F | Count | Sum | Max, kind: FloatField | IntegerField) -> Subquery:
        # One subquery a figure: joined together, videos would be counted once for every run.
        rows = query.filter(pk=OuterRef("pk")).order_by().values("pk").annotate(value=value).values("value")
        return Subquery(rows, output_field=kind)

    one = Project.objects.all()
    latest_run = of_project(one, Max("runs__pk", filter=Q(runs__status="done")), IntegerField())
    active_runs = Count("runs", filter=Q(runs__status__in=("queued", "running")))
    with_poster = Project.objects.filter(pk=OuterRef("pk"), videos__preview_key__gt="").order_by("-videos__pk")
    return (
        Project.objects.visible_to(user)
        .annotate(
            role=Subquery(Membership.objects.filter(user=user.pk, project=OuterRef("pk")).values("role")[:1]),
            n_videos=Coalesce(of_project(one, Count("videos"), IntegerField()), 0),
            duration_s=Coalesce(of_project(one, Sum("videos__duration_s"), FloatField()), 0.0),
            latest_run=latest_run,
            n_active_runs=Coalesce(of_project(one, active_runs, IntegerField()), 0),
            poster_video=Subquery(with_poster.values("videos__pk")[:1], output_field=IntegerField()),
            poster_key=Subquery(with_poster.values("videos__preview_key")[:1], output_field=TextField()),
        )
        .annotate(
            n_segments=Coalesce(
                # The sizes of its clusters: counting the segments of five large projects takes a fifth of a second.
                of_project(one.filter(runs=OuterRef("latest_run")), Sum("runs__clusters__size"), IntegerField()),
                0,
            )
        )
    )


def project_row(user: User | AnonymousUser, project_id: int) -> Project:
    """Raises Http404 for a project that does not exist or is not the user's to see: the two look the same."""
    return get_object_or_404(project_rows(user), pk=project_id)


def project_for(user: User | AnonymousUser, project_id: int, minimum: Role = Role.VIEWER) -> Project:
    """The project, if the user's role in it suffices. Raises Http404 where it may not be seen, Forbidden otherwise."""
    project = get_object_or_404(Project.objects.visible_to(user), pk=project_id)
    if not Project.objects.with_role(user, minimum).filter(pk=project.pk).exists():
        raise Forbidden(f"Only a {minimum} of this project may do that.")
    return project
