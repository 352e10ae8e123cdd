from django.urls import path

from backend.webhooks.api import views

urlpatterns = [
    path("projects/<int:id>/webhooks/", views.ProjectWebhooks.as_view()),
    path("webhooks/<int:id>/", views.WebhookDetail.as_view()),
    path("webhooks/<int:id>/test/", views.WebhookTest.as_view()),
    path("webhooks/<int:id>/secret/", views.WebhookSecret.as_view()),
    path("webhooks/<int:id>/deliveries/", views.WebhookDeliveries.as_view()),
    path("deliveries/<uuid:id>/redeliver/", views.Redeliver.as_view()),
]
