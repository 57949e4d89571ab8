"""What can go wrong, in the words of the person it happens to."""


class ProductError(Exception):
    """A refusal with one clear Chinese sentence that says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class AccessDenied(ProductError):
    """The actor lacks the permission; nothing was read or written."""


class NotFound(ProductError):
    """There is no such record that the actor may see."""


class InvalidQuery(ProductError):
    """A page, size or filter value outside what the query allows."""


class InvalidInput(ProductError):
    """Input that breaks a rule; `fields` maps field names to the sentence shown beside each."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("；".join(fields.values()))
        self.fields = fields


class TooManyTries(ProductError):
    """Tried too often: nothing was looked at. `seconds` says when to come back at the latest."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class Conflict(ProductError):
    """Somebody else changed the record since it was read."""


class Unavailable(ProductError):
    """The database or the disk does not take it now: nothing was written. `passing` when trying again soon may help."""

    def __init__(self, message: str, *, passing: bool) -> None:
        super().__init__(message)
        self.passing = passing
