from __future__ import annotations

from typing import Any

from allauth.account.app_settings import PASSWORD_RESET_TOKEN_GENERATOR
from allauth.account.utils import user_pk_to_url_str
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.projects.models import User


class Command(BaseCommand):
    help = "Print a link by which somebody chooses a new password, once and within a day. For where no mail is sent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The user name.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username__iexact=options["name"], is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody here signs in as {options['name']!r}.")
        token = PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
        self.stdout.write(f"/reset/{user_pk_to_url_str(user)}-{token}")
