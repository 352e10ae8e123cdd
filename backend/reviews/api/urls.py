from django.urls import path

from backend.reviews.api import comments, queues, views

urlpatterns = [
    path("projects/<int:id>/review-plan/", views.PlanView.as_view()),
    path("runs/<int:id>/assignments/", views.Assignments.as_view()),
    path("runs/<int:id>/review-queue/", queues.Queue.as_view()),
    path("runs/<int:id>/review-queues/", queues.Queues.as_view()),
    path("runs/<int:id>/review-progress/", views.ReviewProgress.as_view()),
    path("runs/<int:id>/agreement/", views.AgreementView.as_view()),
    path("runs/<int:id>/conflicts/", views.Conflicts.as_view()),
    path("segments/<int:id>/review/", views.OwnReview.as_view()),
    path("segments/<int:id>/reviews/", views.Reviews.as_view()),
    path("segments/<int:id>/adjudications/", views.Settle.as_view()),
    path("adjudications/<int:id>/undo/", views.Unsettle.as_view()),
    path("runs/<int:id>/settled/", views.Settled.as_view()),
    path("videos/<int:id>/comments/", comments.VideoComments.as_view()),
    path("segments/<int:id>/comments/", comments.SegmentComments.as_view()),
    path("comments/<int:id>/", comments.CommentDetail.as_view()),
    path("projects/<int:id>/people/", comments.People.as_view()),
    path("mentions/", comments.Mentions.as_view()),
    path("mentions/seen/", comments.SeenMentions.as_view()),
]
