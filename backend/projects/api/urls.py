from django.urls import path

from backend.projects.api import audit
from backend.projects.api.events import project_events
from backend.projects.api.views import ProjectsView, ProjectView

urlpatterns = [
    path("projects/", ProjectsView.as_view()),
    path("projects/<int:id>/", ProjectView.as_view()),
    path("projects/<int:id>/events/", project_events),
    path("projects/<int:id>/audit/", audit.AuditLog.as_view()),
    path("projects/<int:id>/audit/choices/", audit.AuditChoices.as_view()),
    path("projects/<int:id>/audit/table/", audit.AuditTable.as_view()),
]
