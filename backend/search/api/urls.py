from django.urls import path

from backend.search.api import views

urlpatterns = [
    path("projects/<int:id>/examples/", views.ProjectExamples.as_view()),
    path("examples/<uuid:id>/", views.ExampleDetail.as_view()),
    path("examples/<uuid:id>/similar/", views.ExampleSimilar.as_view()),
]
