from backend.common.errors import ApplicationError


class TooManyWebhooks(ApplicationError):
    code = "too_many_webhooks"
    status = 409


class SwitchedOff(ApplicationError):
    code = "webhook_switched_off"
    status = 409


class StillWaiting(ApplicationError):
    code = "delivery_waiting"
    status = 409
