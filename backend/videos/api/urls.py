from django.urls import path

from backend.videos.api.annotations import AnnotationView, VideoAnnotationsView
from backend.videos.api.tus import ProjectUploadsView, UploadView
from backend.videos.api.views import ProjectVideosView, VideoView, video_file

urlpatterns = [
    path("projects/<int:id>/videos/", ProjectVideosView.as_view()),
    path("projects/<int:id>/uploads/", ProjectUploadsView.as_view()),
    path("uploads/<uuid:upload_id>/", UploadView.as_view(), name="upload"),
    path("videos/<int:id>/", VideoView.as_view()),
    path("videos/<int:id>/annotations/", VideoAnnotationsView.as_view()),
    path("annotations/<int:id>/", AnnotationView.as_view()),
    path("videos/<int:id>/files/<str:name>", video_file, name="video-file"),
]
