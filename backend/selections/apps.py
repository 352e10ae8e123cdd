from django.apps import AppConfig


class SelectionsConfig(AppConfig):
    name = "backend.selections"
    label = "selections"
