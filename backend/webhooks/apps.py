from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "backend.webhooks"

    def ready(self) -> None:
        from backend.webhooks import listening

        listening.connect()
