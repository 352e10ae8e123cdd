from django.urls import path

from backend.runs.api import views

urlpatterns = [
    path("presets/", views.PresetList.as_view()),
    path("projects/<int:project>/runs/", views.RunList.as_view()),
    path("projects/<int:project>/stages/", views.ProjectStages.as_view()),
    path("runs/<int:run>/", views.RunDetail.as_view()),
    path("runs/<int:run>/cancel/", views.RunCancel.as_view()),
    path("runs/<int:run>/retry/", views.RunRetry.as_view()),
    path("runs/<int:run>/stages/", views.RunStages.as_view()),
    path("runs/<int:run>/videos/<int:video>/energy/", views.VideoEnergy.as_view()),
    path("videos/<int:video>/retry/", views.VideoRetry.as_view()),
]
