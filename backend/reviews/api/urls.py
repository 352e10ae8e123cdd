from django.urls import path

from backend.reviews.api import queues, views

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
]
