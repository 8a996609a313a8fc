"""The one error a client of this service meets."""

from http import HTTPStatus


class RequestError(Exception):
    """A request that is not served; the answer is `{"error": {"code": ..., "message": ...}}`.

    Args:
        status: the HTTP status, 4xx for what the client must mend.
        code: a stable name for programs, in snake_case.
        message: a sentence for people.
        retry_after_seconds: when to try again, for a service that is busy.
    """

    def __init__(self, status: HTTPStatus, code: str, message: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_seconds = retry_after_seconds


def bad_request(code: str, message: str) -> RequestError:
    """A request that is not of the documented form (400)."""
    return RequestError(HTTPStatus.BAD_REQUEST, code, message)


def unprocessable(code: str, message: str) -> RequestError:
    """A well-formed request whose picture or URL can't be used (422)."""
    return RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, code, message)


def too_large(message: str) -> RequestError:
    """A body or a picture that is larger than the settings allow (413)."""
    return RequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message)
