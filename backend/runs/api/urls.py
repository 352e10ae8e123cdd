from django.urls import path

from backend.runs.api import views

urlpatterns = [
    path("presets/", views.PresetList.as_view()),
    path("projects/<int:id>/runs/", views.RunList.as_view()),
    path("projects/<int:id>/stages/", views.ProjectStages.as_view()),
    path("runs/<int:id>/", views.RunDetail.as_view()),
    path("runs/<int:id>/cancel/", views.RunCancel.as_view()),
    path("runs/<int:id>/retry/", views.RunRetry.as_view()),
    path("runs/<int:id>/coherence/measure/", views.RunMeasureCoherence.as_view()),
    path("runs/<int:id>/stages/", views.RunStages.as_view()),
    path("runs/<int:run>/videos/<int:video>/energy/", views.VideoEnergy.as_view()),
    path("videos/<int:id>/retry/", views.VideoRetry.as_view()),
]
