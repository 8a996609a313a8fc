"""What a request or a start fails with: a status of TensorFlow's and a message."""

_HTTP = {"CANCELLED": 499, "NOT_FOUND": 404, "UNIMPLEMENTED": 501, "UNAVAILABLE": 503}
_BAD_REQUESTS = {"INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE"}


class ServingError(Exception):
    """Says what went wrong in the words of TensorFlow Serving.

    Attributes:
        code: Of `tensorflow.error.Code`, such as NOT_FOUND.
        message: What a client reads.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    @property
    def http_status(self) -> int:
        return 400 if self.code in _BAD_REQUESTS else _HTTP.get(self.code, 500)


def invalid(message: str) -> ServingError:
    return ServingError("INVALID_ARGUMENT", message)
