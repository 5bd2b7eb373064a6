"""One polite way to ask a statistics service: limits kept, waits obeyed, answers kept in a folder with their checksum."""

from __future__ import annotations

import collections
import datetime
import email.utils
import functools
import hashlib
import json
import random
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mrstats.schema import ServiceDownError, SourceError

TRY_AGAIN = {429, 502, 503, 504}
LONGEST_WAIT = 300.0
"""Seconds; a service that asks for a longer wait is asked another day."""
MOST_SHOWN = 300
"""Characters of a service's own explanation that an error repeats."""


@dataclass(frozen=True)
class Answer:
    """What a service answered, and how to prove it later."""

    body: bytes
    url: str
    fetched: str
    """When, in UTC."""
    sha256: str
    content_type: str

    def json(self) -> Any:
        """The body as an object; a byte order mark is passed over."""
        return json.loads(self.body.decode("utf-8-sig"))


class Web:
    """A client of statistics services.

    Parameters
    ----------
    cache : str or Path, optional
        Folder that keeps every answer beside a JSON file with its address, date, content type and checksum. An answer
        that is there is not asked for again.
    offline : bool
        Answer from the cache only; what is missing is an error.
    refresh : bool
        Ask again, and let new answers take the place of those in the cache.
    calls, seconds : int, float
        At most so many calls in so many seconds.
    tries : int
        Times to try when the service is busy or the connection fails, each wait twice the one before.
    first_wait : float
        Seconds to the second try, where the service names none itself.
    timeout : float
        Seconds of silence after which a call has failed.
    report : callable, optional
        Receives one line per wait and per answer taken from the cache.

    Attributes
    ----------
    receipts : list of dict
        Of every answer so far its ``url``, ``fetched``, ``sha256``, ``content_type`` and what was ``asked`` with POST.

    Raises
    ------
    SourceError
        `offline` without a cache.
    """

    def __init__(
        self,
        *,
        cache: str | Path | None = None,
        offline: bool = False,
        refresh: bool = False,
        calls: int = 10,
        seconds: float = 10.0,
        tries: int = 5,
        first_wait: float = 1.0,
        timeout: float = 60.0,
        report: Callable[[str], object] | None = None,
    ):
        if offline and cache is None:
            raise SourceError("offline=True answers from a cache, and none is given. Name its folder: cache='…'.")
        self.cache = None if cache is None else Path(cache)
        self.offline, self.refresh = offline, refresh
        self.tries, self.first_wait, self.timeout = tries, first_wait, timeout
        self.report = report or (lambda line: None)
        self.receipts: list[dict[str, Any]] = []
        self._ended: collections.deque[float] = collections.deque()
        self.limit(calls, seconds)

    def limit(self, calls: int, seconds: float) -> None:
        """From now on at most so many calls in so many seconds."""
        self.calls, self.seconds = max(1, calls), seconds

    def fetch(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        *,
        body: Mapping[str, Any] | None = None,
        content: str = "json",
        edition: str = "",
    ) -> Answer:
        """The answer to one question, from the cache or from the service.

        Parameters
        ----------
        url : str
        params : mapping, optional
            Put after the ``?``.
        body : mapping, optional
            Sent as JSON with POST; left out, the question is a GET.
        content : str
            Word that the answer's content type must hold; JSON must also be whole.
        edition : str
            What the answer belongs with, such as the day of update of the table's description: an answer kept for
            another edition is not used.

        Raises
        ------
        SourceError
            The service cannot be reached, refuses, stays busy, or answers with something else; the message names the
            address and the cure.
        """
        address = _address(url, params)
        answer = self._kept(address, body, edition)
        if answer is None:
            response = self._ask(address, body)
            answer = Answer(
                response.content,
                address,
                datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                hashlib.sha256(response.content).hexdigest(),
                response.headers.get("content-type", ""),
            )
            _check_content(answer, content)
            self._keep(answer, body, edition)
        self.receipts.append(_receipt(answer) | {"asked": body})
        return answer

    def forget(self, since: int) -> None:
        """Take the answers to GET from a receipt's number on out of the cache: they were of no use, and are asked for anew.

        What was selected with POST stays, so that a large table goes on from where it was.
        """
        for receipt in self.receipts[since:] if self.cache and not self.offline else ():
            if receipt["asked"] is None:
                for ending in (".json", ".body"):
                    self._place(receipt["url"], None, "").with_suffix(ending).unlink(missing_ok=True)

    @functools.cached_property
    def _client(self):
        import httpx

        from mrstats import __version__

        client = httpx.Client(
            timeout=self.timeout,
            follow_redirects=True,
            max_redirects=5,
            headers={"User-Agent": f"mrstats/{__version__}"},
        )
        weakref.finalize(self, client.close)
        return client

    def _ask(self, address: str, body):
        """The service's answer, after as many tries as it takes and is worth."""
        import httpx

        for attempt in range(1, self.tries + 1):
            wait = self.first_wait * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
            try:
                response = self._call(address, body)
            except httpx.TooManyRedirects:
                raise SourceError(f"{address} sends in a circle. Correct the base address.") from None
            except httpx.TransportError as error:
                trouble = f"does not answer ({error or type(error).__name__})"
            else:
                if response.status_code not in TRY_AGAIN:
                    return _check_answered(response, address, body)
                trouble = f"is busy ({response.status_code})"
                wait = _seconds_asked(response.headers.get("retry-after"), wait)
                if wait > LONGEST_WAIT:
                    raise ServiceDownError(
                        f"{address} asks to be left alone for {wait:.0f} seconds. Fetch again after that; "
                        "what has come already is in the cache."
                    )
            if attempt < self.tries:
                self.report(f"{address} {trouble}; trying again in {wait:.1f} s ({attempt} of {self.tries})")
                time.sleep(wait)
        raise ServiceDownError(
            f"{address} {trouble}, {self.tries} times. Check the address and the connection, or try later; "
            "what has come already is in the cache."
        )

    def _call(self, address: str, body):
        """One call, once it keeps within the limit; it counts from when it ended, which is never too early."""
        while len(self._ended) >= self.calls:
            left = self._ended[0] + self.seconds - time.monotonic()
            if left <= 0:
                self._ended.popleft()
            else:
                time.sleep(left)
        try:
            return self._client.request("GET" if body is None else "POST", address, json=body)
        finally:
            self._ended.append(time.monotonic())

    def _place(self, address: str, body, edition: str) -> Path:
        assert self.cache is not None
        asked = json.dumps([address, body, edition], sort_keys=True, ensure_ascii=False)
        return self.cache / hashlib.sha256(asked.encode()).hexdigest()[:32]

    def _kept(self, address: str, body, edition: str) -> Answer | None:
        """The answer in the cache, if it is whole and wanted."""
        if self.cache is None or (self.refresh and not self.offline):
            return None
        place = self._place(address, body, edition)
        cure = "Fetch it once with a connection: the same call without offline=True."
        try:
            told = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))
            content = place.with_suffix(".body").read_bytes()
            whole = hashlib.sha256(content).hexdigest() == told["sha256"]
        except FileNotFoundError:
            if self.offline:
                raise SourceError(f"{_named(address, body)} is not in the cache {self.cache.name}. {cure}") from None
            return None
        except (ValueError, KeyError):
            whole = False
        if whole:
            self.report(f"{address}: as fetched {told['fetched']}")
            return Answer(content, **{key: told[key] for key in ("url", "fetched", "sha256", "content_type")})
        damaged = f"{_named(address, body)}: its copy {place.name} in the cache {self.cache.name} is damaged."
        if self.offline:
            raise SourceError(f"{damaged} {cure}")
        self.report(f"{damaged} It is fetched again.")
        return None

    def _keep(self, answer: Answer, body, edition: str) -> None:
        if self.cache is None:
            return
        self.cache.mkdir(parents=True, exist_ok=True)
        place = self._place(answer.url, body, edition)
        told = _receipt(answer) | {"asked": body}
        _write_whole(place.with_suffix(".body"), answer.body)
        _write_whole(place.with_suffix(".json"), json.dumps(told, ensure_ascii=False, indent=1).encode())


def _address(url: str, params: Mapping[str, Any] | None) -> str:
    import httpx

    try:
        address = httpx.URL(url).copy_merge_params(params or {})
    except httpx.InvalidURL as error:
        raise SourceError(f"{url} is no address ({error}). Write it with https://.") from None
    if address.scheme not in ("http", "https") or not address.host:
        raise SourceError(f"{url} is no address. Write it with https://.")
    return str(address)


def _receipt(answer: Answer) -> dict[str, Any]:
    return {key: entry for key, entry in vars(answer).items() if key != "body"}


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        half = Path(file.name)
    try:
        half.write_bytes(content)
        half.replace(path)
    except OSError:
        half.unlink(missing_ok=True)
        raise


def _named(address: str, body) -> str:
    return address if body is None else f"{address} with the selection {json.dumps(body, ensure_ascii=False):.200}"


def _seconds_asked(header: str | None, otherwise: float) -> float:
    """What Retry-After says, in seconds; it may be a number or a date."""
    if not header:
        return otherwise
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    moment = email.utils.parsedate_tz(header)
    return otherwise if moment is None else max(0.0, email.utils.mktime_tz(moment) - time.time())


def _check_answered(response, address: str, body):
    """The response, unless the service refused or sent the question elsewhere with its selection taken off."""
    if response.history and body is not None and response.request.method != "POST":
        raise SourceError(
            f"{address} has moved to {response.url}, and the selection does not follow. Give the new base address."
        )
    if response.is_success:
        return response
    try:
        told = response.json()
        why = ": ".join(str(told[key]) for key in ("title", "detail") if told.get(key))
    except (ValueError, AttributeError):
        why = ""
    cure = {
        401: "The service asks for a login; mrstats reads open data only.",
        403: "Too much may have been asked for at once: select fewer cells.",
        404: "Check the base address and the name of the table.",
    }.get(response.status_code, "Correct the selection, or try later if the fault is the service's.")
    told_why = f" ({why[:MOST_SHOWN].rstrip('. ')})" if why else ""
    raise SourceError(f"{address} answers {response.status_code}{told_why}. {cure}")


def _check_content(answer: Answer, content: str) -> None:
    if content not in answer.content_type.lower():
        raise SourceError(
            f"{answer.url} answers with {answer.content_type or 'an unnamed type'} instead of {content}. "
            "Open the address in a browser: it may be a login page or a wrong base address."
        )
    if content == "json":
        try:
            answer.json()
        except ValueError as error:
            raise SourceError(
                f"{answer.url} answers with JSON that is not whole ({error}). Fetch it again, or select less at a time."
            ) from None
