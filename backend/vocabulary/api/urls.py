from django.urls import path

from backend.vocabulary.api import views

urlpatterns = [
    path("runs/<int:id>/segments/", views.SegmentList.as_view()),
    path("runs/<int:id>/clusters/", views.ClusterList.as_view()),
    path("runs/<int:id>/coherence/", views.RunCoherence.as_view()),
    path("runs/<int:id>/map/", views.RunMap.as_view()),
    path("segments/<int:id>/", views.SegmentDetail.as_view()),
    path("segments/<int:id>/similar/", views.SimilarSegments.as_view()),
    path("segments/<int:id>/clip/", views.segment_clip),
    path("segments/<int:id>/poster/", views.segment_poster),
]
