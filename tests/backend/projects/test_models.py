from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from backend.projects.models import Membership, Project, Role, User
from backend.projects.services import create_project
from tests.factories.runs import a_project, a_user


def test_a_role_includes_those_before_it():
    assert Role.at_least(Role.MANAGER) == [Role.MANAGER, Role.OWNER]
    assert Role.OWNER.includes(Role.VIEWER)
    assert not Role.VIEWER.includes(Role.REVIEWER)


@pytest.mark.django_db
def test_nobody_sees_a_project_they_are_not_in():
    member, stranger, boss = a_user(), a_user(), User.objects.create_superuser("boss", password="x")
    project = a_project(member)
    assert list(Project.objects.visible_to(member)) == [project]
    assert not Project.objects.visible_to(stranger).exists()
    assert not Project.objects.visible_to(boss).exists()
    assert not Project.objects.visible_to(AnonymousUser()).exists()


@pytest.mark.django_db
def test_an_account_that_is_switched_off_sees_nothing():
    member = a_user()
    a_project(member)
    member.is_active = False
    assert not Project.objects.visible_to(member).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_a_role_reaches_as_far_as_it_includes(role: Role):
    member = a_user()
    a_project(member, role)
    reached = [minimum for minimum in Role if Project.objects.with_role(member, minimum).exists()]
    assert reached == [minimum for minimum in Role if role.includes(minimum)]


@pytest.mark.django_db
def test_whoever_founds_a_project_owns_it():
    founder = a_user()
    project = create_project(name="Line 4", by=founder)
    assert project.memberships.get().user == founder
    assert project.memberships.get().role == Role.OWNER


@pytest.mark.django_db
def test_the_database_keeps_the_rules_too():
    member = a_user("Ada")
    project = a_project(member)
    broken = [
        lambda: Membership.objects.create(user=member, project=project, role=Role.VIEWER),
        lambda: Membership.objects.create(user=a_user(), project=project, role="king"),
        lambda: Project.objects.create(name="", created_by=member),
        lambda: User.objects.create_user("ADA"),
    ]
    for write in broken:
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
