from django.urls import path

from backend.runs.api import views

urlpatterns = [
    path("presets/", views.PresetList.as_view()),
    path("projects/<int:id>/runs/", views.RunList.as_view()),
    path("projects/<int:id>/stages/", views.ProjectStages.as_view()),
    path("runs/<int:id>/", views.RunDetail.as_view()),
    path("runs/<int:id>/cancel/", views.RunCancel.as_view()),
    path("runs/<int:id>/retry/", views.RunRetry.as_view()),
    path("runs/<int:id>/recluster/", views.RunRecluster.as_view()),
    path("runs/<int:id>/keep/", views.RunKeep.as_view()),
    path("runs/<int:id>/coherence/measure/", views.RunMeasureCoherence.as_view()),
    path("runs/<int:run>/suggest-offset/", views.SuggestOffset.as_view()),
    path("runs/<int:id>/stages/", views.RunStages.as_view()),
    path("runs/<int:run>/videos/<int:video>/signals/", views.VideoSignals.as_view()),
    path("runs/<int:run>/videos/<int:video>/signals.bin", views.VideoSignalColumns.as_view(), name="signal-columns"),
    path("videos/<int:id>/retry/", views.VideoRetry.as_view()),
]
