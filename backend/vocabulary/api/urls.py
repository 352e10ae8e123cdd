from django.urls import path

from backend.vocabulary.api import action_views, views

urlpatterns = [
    path("projects/<int:id>/actions/", action_views.ActionList.as_view()),
    path("projects/<int:id>/vocabulary/history/", action_views.History.as_view()),
    path("projects/<int:id>/vocabulary/undo/", action_views.Undo.as_view()),
    path("projects/<int:id>/vocabulary/redo/", action_views.Redo.as_view()),
    path("actions/<int:id>/", action_views.ActionDetail.as_view()),
    path("runs/<int:id>/groups/", action_views.GroupList.as_view()),
    path("runs/<int:id>/groups/name/", action_views.NameCluster.as_view()),
    path("runs/<int:id>/groups/merge/", action_views.MergeGroups.as_view()),
    path("runs/<int:id>/groups/split/", action_views.SplitGroup.as_view()),
    path("runs/<int:id>/groups/move/", action_views.MoveSegments.as_view()),
    path("runs/<int:id>/carry-over/", action_views.CarryOver.as_view()),
    path("runs/<int:id>/transitions/", action_views.Transitions.as_view()),
    path("runs/<int:id>/cycles/", action_views.Cycles.as_view()),
    path("runs/<int:id>/segments/", views.SegmentList.as_view()),
    path("runs/<int:id>/clusters/", views.ClusterList.as_view()),
    path("runs/<int:id>/compare/<int:other>/", views.RunComparison.as_view()),
    path("runs/<int:id>/coherence/", views.RunCoherence.as_view()),
    path("runs/<int:id>/map/", views.RunMap.as_view()),
    path("segments/<int:id>/", views.SegmentDetail.as_view()),
    path("segments/<int:id>/similar/", views.SimilarSegments.as_view()),
    path("segments/<int:id>/clip/", views.segment_clip),
    path("segments/<int:id>/poster/", views.segment_poster),
]
