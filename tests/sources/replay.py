"""A local service that answers as it is told to: recorded answers byte for byte, constructed tables, and every way to misbehave.

routes = {
    "GET /api/v2/config": folder / "scb_v2_config.json",            # a file, byte for byte, whatever the query
    "GET /api/v2/tables?lang=sv&query=deso": {"tables": [...]},     # exactly this query, in any order
    'POST /api/v2/tables/T/data {"selection": []}': Reply(...),     # exactly this body
    **pxweb_table("/api/v2", cube),                                 # description and cells of a constructed table
    "GET /api/v2/slow": InTurn(busy(1), unavailable(), {"at": "last"}),
}
with ReplayServer(routes) as server:
    PxWeb(f"{server.url}/api/v2")
    server.calls                                                    # what was asked, and when
"""

from __future__ import annotations

import fnmatch
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mrstats.sources import Cube, write_jsonstat

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Call:
    """What a client asked, and when."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Any
    at: float


@dataclass(frozen=True)
class Reply:
    """An answer with everything that can be wrong with it."""

    body: Any = b""
    """Bytes, text, the file to send, or an object to send as JSON."""
    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0
    """Seconds of silence first."""
    sent: int | None = None
    """So many bytes are sent of those that the header promises."""

    def content(self) -> bytes:
        if isinstance(self.body, Path):
            return self.body.read_bytes()
        if isinstance(self.body, str):
            return self.body.encode()
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()


class InTurn:
    """Each call gets the next answer, and those after the last get the last again."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def __call__(self, call: Call):
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def busy(seconds: float | str) -> Reply:
    return Reply(problem("Too many requests"), 429, "application/problem+json", {"Retry-After": str(seconds)})


def unavailable() -> Reply:
    return Reply("<h1>Service unavailable</h1>", 503, "text/html")


def refused(title: str, detail: str = "", status: int = 400) -> Reply:
    return Reply(problem(title, status, detail), status, "application/problem+json")


def moved(to: str, status: int = 307) -> Reply:
    return Reply(status=status, headers={"Location": to})


def cut_text(answer) -> Reply:
    """Half of the text, with an honest length."""
    whole = _reply(answer).content()
    return replace(_reply(answer), body=whole[: len(whole) // 2])


def cut_connection(answer) -> Reply:
    """The connection breaks in the middle."""
    return replace(_reply(answer), sent=len(_reply(answer).content()) // 2)


def problem(title: str, status: int = 429, detail: str = "") -> dict[str, Any]:
    return {"type": "Parameter error", "title": title, "status": status, "detail": detail}


def pxweb_table(base: str, cube: Cube, *, codelists: Mapping[str, Cube] | None = None) -> dict[str, Any]:
    """Routes of a constructed table: its description, and the cells of any selection of explicit codes.

    A selection by code list is answered from the cube of that code list.
    """
    codelists = codelists or {}

    def data(call: Call):
        asked = {entry["variableCode"]: entry["valueCodes"] for entry in call.body["selection"]}
        lists = [entry["codelist"] for entry in call.body["selection"] if "codelist" in entry]
        return write_jsonstat(part_of(codelists[lists[0]] if lists else cube, asked))

    return {
        f"GET {base}/tables/{cube.code}/metadata": write_jsonstat(replace(cube, frame=cube.frame[:0])),
        f"POST {base}/tables/{cube.code}/data": data,
    }


def part_of(cube: Cube, asked: Mapping[str, list[str]]) -> Cube:
    """The cells of a selection in the cube's own order, whatever order they were asked in; a total where left out."""
    asked = {d.code: asked.get(d.code, [d.total]) for d in cube.dimensions}
    dimensions = tuple(
        replace(d, categories={c: label for c, label in d.categories.items() if c in asked[d.code]})
        for d in cube.dimensions
    )
    frame = cube.frame
    for code, codes in asked.items():
        frame = frame[frame[code].isin(codes)]
    return replace(cube, frame=frame.reset_index(drop=True), dimensions=dimensions)


class ReplayServer:
    """A server on the loopback, on a free port, while the ``with`` lasts; `routes` may be changed meanwhile."""

    def __init__(self, routes: Mapping[str, Any]):
        self.routes = dict(routes)
        self.calls: list[Call] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ReplayServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, call: Call) -> Reply:
        """What the most closely described route answers, or 404 with what was asked."""
        found: list[tuple[int, Any]] = []
        for route, answer in self.routes.items():
            method, address, *body = route.split(" ", 2)
            split = urlsplit(address)
            query = tuple(sorted(parse_qsl(split.query, keep_blank_values=True)))
            fits = method == call.method and fnmatch.fnmatchcase(call.path, unquote(split.path))
            fits &= query in ((), call.query) and (not body or json.loads(body[0]) == call.body)
            if fits:
                found.append((len(query) + 100 * len(body) - 1000 * ("*" in address), answer))
        if not found:
            return refused("Non-existent table", f"no route {call.method} {call.path} {dict(call.query)}", 404)
        return _reply(max(found, key=lambda entry: entry[0])[1], call)

    def _handler(self):
        answer, calls = self.answer, self.calls

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one go, else each answer waits 40 ms for the other side

            def do_GET(self):
                split = urlsplit(self.path)
                text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                query = tuple(sorted(parse_qsl(split.query, keep_blank_values=True)))
                body = json.loads(text) if text else None
                call = Call(self.command, unquote(split.path), query, body, time.monotonic())
                calls.append(call)
                try:
                    reply = answer(call)
                except Exception as error:  # the client shall see why a function of the test failed
                    reply = refused("A route failed", repr(error), 500)
                self.send(reply)

            do_POST = do_GET

            def send(self, reply: Reply):
                content = reply.content()
                time.sleep(reply.after)
                try:
                    self.send_response(reply.status)
                    for name, value in {"Content-Type": reply.content_type, **reply.headers}.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content[: reply.sent])
                    self.wfile.flush()
                except ConnectionError:  # the client did not wait
                    self.close_connection = True
                if reply.sent is not None:
                    self.close_connection = True

            def log_message(self, *_):
                """Nothing on the screen."""

        return Handler


def _reply(answer: Any | Callable[[Call], Any], call: Call | None = None) -> Reply:
    while callable(answer):
        answer = answer(call)
    return answer if isinstance(answer, Reply) else Reply(answer)
