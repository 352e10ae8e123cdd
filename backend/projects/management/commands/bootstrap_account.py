from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.management.base import BaseCommand

from backend.projects import services


class Command(BaseCommand):
    help = "Make the first account if there is none, and print a link that signs in once within the hour."

    def handle(self, *args: Any, **options: Any) -> None:
        user, password = services.ensure_first_account()
        self.stdout.write(f"account: {user.username}")
        if password is not None:
            self.stdout.write(f"password: {password}")
        self.stdout.write(f"sign-in: /welcome?{urlencode({'token': services.sign_in_token(user)})}")
