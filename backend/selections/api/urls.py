from django.urls import path

from backend.selections.api import views

urlpatterns = [
    path("projects/<int:id>/sets/", views.ProjectSets.as_view()),
    path("sets/<int:id>/", views.SetDetail.as_view()),
    path("sets/<int:id>/segments/", views.SetSegments.as_view()),
    path("runs/<int:id>/export/", views.RunExport.as_view()),
]
