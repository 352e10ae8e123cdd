from django.urls import path

from backend.accounts.api import sign_in, views

urlpatterns = [
    path("session/", sign_in.SessionView.as_view()),
    path("account/", sign_in.AccountView.as_view()),
    path("auth/login/", sign_in.SignInView.as_view()),
    path("auth/password/request/", sign_in.ResetRequestView.as_view()),
    path("auth/password/reset/", sign_in.ResetView.as_view()),
    path("auth/password/change/", sign_in.PasswordChangeView.as_view()),
    path("auth/provider/", sign_in.ProviderSignInView.as_view()),
    # allauth makes the address it sends to the provider from this name
    path("auth/<str:provider_id>/callback/", sign_in.provider_callback, name="openid_connect_callback"),
    path("invitations/<str:token>/", views.InvitationView.as_view()),
    path("invitations/<str:token>/accept/", views.AcceptInvitationView.as_view()),
    path("invitations/<str:token>/join/", views.JoinView.as_view()),
    path("projects/<int:id>/invitations/", views.InvitationsView.as_view()),
    path("projects/<int:id>/invitations/<int:invitation>/", views.OneInvitationView.as_view()),
    path("projects/<int:id>/members/", views.MembersView.as_view()),
    path("projects/<int:id>/members/<int:user>/", views.MemberView.as_view()),
    path("projects/<int:id>/delete/", views.DeleteProjectView.as_view()),
    path("tokens/", views.TokensView.as_view()),
    path("tokens/<int:id>/", views.TokenView.as_view()),
]
