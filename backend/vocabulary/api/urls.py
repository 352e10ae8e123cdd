from django.urls import path

from backend.vocabulary.api import views

urlpatterns = [
    path("runs/<int:run>/segments/", views.SegmentList.as_view()),
    path("runs/<int:run>/clusters/", views.ClusterList.as_view()),
    path("runs/<int:run>/map/", views.RunMap.as_view()),
    path("segments/<int:segment>/", views.SegmentDetail.as_view()),
    path("segments/<int:segment>/similar/", views.SimilarSegments.as_view()),
    path("segments/<int:segment>/clip/", views.segment_clip),
    path("segments/<int:segment>/poster/", views.segment_poster),
]
