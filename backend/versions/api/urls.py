from django.urls import path

from backend.versions.api import views

urlpatterns = [
    path("projects/<int:id>/versions/", views.ProjectVersions.as_view()),
    path("projects/<int:id>/versions/preview/", views.FreezePreview.as_view()),
    path("versions/<int:id>/", views.VersionDetail.as_view()),
    path("versions/<int:id>/diff/<int:other>/", views.VersionDiff.as_view()),
]
