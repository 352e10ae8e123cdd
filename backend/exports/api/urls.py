from django.urls import path

from backend.exports.api import views

urlpatterns = [
    path("projects/<int:id>/exports/", views.ProjectExports.as_view()),
    path("projects/<int:id>/exports/preview/", views.ExportPreview.as_view()),
    path("exports/<uuid:id>/", views.ExportDetail.as_view()),
    path("exports/<uuid:id>/cancel/", views.ExportCancel.as_view()),
    path("exports/<uuid:id>/file/", views.ExportFile.as_view(), name="export-file"),
]
