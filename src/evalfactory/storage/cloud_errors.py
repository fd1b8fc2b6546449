"""What a cloud said, in words that say what to try."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError

from ..errors import UnavailableError

#: Everything obstore raises; it uses Python's own errors for a missing object, a bad path and a bad range.
FOREIGN = (BaseError, OSError, ValueError)

_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|bucket does not exist|container does not exist", re.IGNORECASE)
_CREDENTIALS = re.compile(
    r"169\.254\.169\.254|169\.254\.170\.2|metadata\.google|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken"
    r"|UserNotFound|AuthenticationFailed|token request|status code: 401|Unauthenticated|AccountProblem|credential",
    re.IGNORECASE,
)
_PERMISSION = re.compile(r"PermissionDenied|AccessDenied|status code: 403|lacked the necessary privileges")
_REACH = re.compile(r"error sending request|timed? ?out|operation timed|connection|dns error|HTTP error", re.IGNORECASE)
_SERVER = re.compile(r"status code: (5\d\d|429)|SlowDown|InternalError", re.IGNORECASE)

_HINTS = (
    (_NO_BUCKET, "make the bucket first, and check its name and region"),
    (
        _CREDENTIALS,
        "check the credentials in the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY (a profile: `aws configure "
        "export-credentials --format env`), GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_NAME and _KEY, or the pod's identity",
    ),
    (_PERMISSION, "the key needs to get, put, list and delete objects below this prefix"),
    (_SERVER, "the store is overloaded or broken: resume later, what is written stays"),
    (_REACH, "check the network, proxies and AWS_ENDPOINT_URL, then resume: what is written stays"),
)


def past_the_end(error: Exception) -> bool:
    """Whether the object ends before the range: some services refuse it, from others an answer comes that is none."""
    return "status code: 416" in str(error) or "Wanted range starting at" in _message(error)


def knows_no_conditions(error: Exception) -> bool:
    """Whether the service says that it has no conditional writes."""
    return "status code: 501" in str(error)


def was_cut_off(error: Exception) -> bool:
    """Whether the connection broke, so that nobody knows whether the request was carried out."""
    return "HTTP error" in _message(error) and "status code" not in _message(error)


def may_pass(error: Exception) -> bool:
    """Whether the network or the server is to blame, as far as can be told, and not what was asked for."""
    text = _clues(error)
    blamed = any(pattern.search(text) for pattern in (_NO_BUCKET, _CREDENTIALS, _PERMISSION))
    return not blamed and not knows_no_conditions(error) and bool(_SERVER.search(text) or _REACH.search(text))


def reason_of(error: Exception) -> str:
    """The first, human part of obstore's message: no debug dump, no XML, one line, at most 300 characters."""
    text = _answer(error) or _message(error)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:300]


def _message(error: Exception) -> str:
    return str(error).split("\n\nDebug source:")[0]


def _answer(error: Exception) -> str:
    """Status, code and words of a cloud's answer in XML; empty when it sent none."""
    code = re.search(r"<Code>([^<]{1,80})</Code>(?:\s*<Message>([^<]{1,200}))?", _message(error))
    if not code:
        return ""
    status = re.search(r"status code: (\d{3} [A-Za-z ]{1,40})", _message(error))
    return ": ".join(part for part in (status and status[1].strip(), code[1], code[2]) if part)


def _clues(error: Exception) -> str:
    """What a cause can be guessed from: the class, and words in which no name stands that a user chose."""
    answer = _answer(error)
    words = f"status code: {answer}" if answer else re.sub(r"https?://([^/\s]+)\S*", r"\1", _message(error))
    return f"{type(error).__name__} {words}"


@contextmanager
def translated(url: str, key: str, *, reading: bool = False) -> Iterator[None]:
    """Within it obstore's errors become `UnavailableError`; when `reading`, a missing object is `FileNotFoundError`."""
    try:
        yield
    except FOREIGN as error:
        text = _clues(error)
        if (
            reading
            and isinstance(error, FileNotFoundError)
            and not any(p.search(text) for p in (_NO_BUCKET, _CREDENTIALS))
        ):
            raise FileNotFoundError(f"{url}: no object {key}") from None
        hint = next((hint for pattern, hint in _HINTS if pattern.search(text)), None)
        raise UnavailableError(f"the store cannot be used: {url}/{key}: {reason_of(error)}", hint=hint) from error
