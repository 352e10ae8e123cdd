"""Settings of every installation. What differs between machines comes from `backend/config/env.py`."""

from datetime import timedelta

from backend import VERSION
from backend.config.env import ENV, REPOSITORY

SECRET_KEY = ENV.required_secret_key()
DEBUG = ENV.debug
ALLOWED_HOSTS = list(ENV.allowed_hosts)
ROOT_URLCONF = "backend.config.urls"
ASGI_APPLICATION = "backend.config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "projects.User"
LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
APPEND_SLASH = False  # a redirect would turn a POST into a GET

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.headless",
    "backend.projects",
    "backend.accounts",
    "backend.videos",
    "backend.runs",
    "backend.vocabulary",
    "backend.selections",
    "backend.search",
    "backend.reviews",
    "backend.versions",
    "backend.exports",
    "backend.webhooks",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "backend.common.security.security_headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": ENV.database.name,
        "USER": ENV.database.user,
        "PASSWORD": ENV.database.password,
        "HOST": ENV.database.host,
        "PORT": ENV.database.port,
        # Persistent connections are per thread and ASGI threads come and go: a pool is as fast and bounded.
        "OPTIONS": {**ENV.database.options, "pool": {"min_size": 0, "max_size": 16, "timeout": 10}},
    }
}
DATA_FOLDER = ENV.data
MEDIA_FOLDER = ENV.data / "media"
CLIP_WEIGHTS = ENV.clip_weights
COTRACKER = ENV.cotracker
ACCEPT_CC_BY_NC = ENV.accept_cc_by_nc
FRONTEND_FOLDER = REPOSITORY / "frontend" / "dist"
MAX_UPLOAD_BYTES = ENV.max_upload_bytes
MIN_FREE_BYTES = ENV.min_free_bytes
MAX_CLIP_BYTES = 50 * 1024**2  # to search by
MAX_CHUNK_BYTES = 32 * 1024**2  # of one upload request: ASGI spools its body into the temporary folder first
OUTSIDE_HOSTS = frozenset(host.lower() for host in ENV.outside_hosts)  # webhooks may go there although it is inside
UPLOAD_EXPIRES_AFTER = timedelta(days=7)  # without a byte
EXPORTS_KEPT_FOR = timedelta(days=30)  # the files; the rows stay, and asking again gives the same bytes

LEASE_S = ENV.lease_s
HEARTBEAT_S = ENV.heartbeat_s
STALL_S = 30 * 60.0  # a stage that shows no sign of life for this long is hung: its process ends itself
MAX_ATTEMPTS = 3  # workers a stage may bring down before it counts as failed

SESSION_COOKIE_NAME = "kineme_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = ENV.https
CSRF_COOKIE_HTTPONLY = False  # the page reads it and sends it back as X-CSRFToken
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = ENV.https
CSRF_TRUSTED_ORIGINS = list(ENV.trusted_origins)
CSRF_FAILURE_VIEW = "backend.common.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.https else None
SIGN_IN_LINK_EXPIRES_AFTER = timedelta(hours=1)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# django-allauth does the work of the accounts; backend/accounts/api/sign_in.py says which of its views are served.
LOGIN_REDIRECT_URL = "/"
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("browser",)
HEADLESS_FRONTEND_URLS = {"account_reset_password_from_key": "/reset/{key}", "socialaccount_login_error": "/signin"}
PASSWORD_RESET_TIMEOUT = 24 * 3600
ACCOUNT_ADAPTER = "backend.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no mail to people who never came here
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_RATE_LIMITS = False  # wrong passwords are counted in the database, the rest by backend/common/throttles.py
SOCIALACCOUNT_ADAPTER = "backend.accounts.adapters.SocialAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # who may be connected by mail, the adapter decides
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": []
        if ENV.oidc is None
        else [
            {
                "provider_id": ENV.oidc.id,
                "name": ENV.oidc.name,
                "client_id": ENV.oidc.client_id,
                "secret": ENV.oidc.client_secret,
                "settings": {"server_url": ENV.oidc.issuer},
            }
        ],
    }
}

MAIL_IS_ON = ENV.mail is not None
if ENV.mail is not None:
    EMAIL_HOST, EMAIL_PORT = ENV.mail.host, ENV.mail.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = ENV.mail.user, ENV.mail.password
    EMAIL_USE_SSL, EMAIL_USE_TLS = ENV.mail.tls, ENV.mail.starttls
    EMAIL_TIMEOUT = 10
    DEFAULT_FROM_EMAIL = ENV.mail.sender

# What limits are counted in. Without Redis there is no queue either, so one process is all there is.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": ENV.redis_url,
        "KEY_PREFIX": "kineme",
        "OPTIONS": {"socket_timeout": 1.0, "socket_connect_timeout": 1.0},
    }
    if ENV.redis_url
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

STATIC_URL = "/static/"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "backend.accounts.authentication.TokenAuthentication",
        "backend.accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "backend.accounts.authentication.ScopeSuffices",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["backend.common.throttles.Everyday"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "backend.common.errors.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Kineme",
    "DESCRIPTION": "Action primitives of assembly video: projects, videos, runs and what they discovered.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [
        "rest_framework.permissions.IsAuthenticated",
        "backend.accounts.authentication.ScopeSuffices",
    ],
    "SCHEMA_PATH_PREFIX": "/api/",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "backend.common.schema.describe_answers",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "PresetName": "ml.config.PRESETS",
        "Role": "backend.projects.models.Role",
        "VideoStatus": "backend.videos.models.VideoStatus",
        "RunStatus": "backend.runs.models.RunStatus",
        "StageStatus": "backend.runs.models.Status",
        "ExampleStatus": "backend.search.models.ExampleStatus",
        "WebhookEvent": "backend.webhooks.models.SUBSCRIBABLE",
        "DeliveryEvent": "backend.webhooks.models.WebhookEvent",
        "DeliveryStatus": "backend.webhooks.models.DeliveryStatus",
        "ExportKind": "backend.exports.models.ExportKind",
        "LatentForm": "backend.exports.options.LATENT_FORMS",
    },
}

CELERY_BROKER_URL = ENV.redis_url or "redis://localhost:6379/0"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A stage may run for hours, so a message is never redelivered for being slow; the leases find dead workers.
    "visibility_timeout": 12 * 3600,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
}
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "cpu"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django.server": {"level": "WARNING"}, "django.request": {"level": "ERROR"}},
}
