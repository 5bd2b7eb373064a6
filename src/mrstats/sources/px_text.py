"""The text of a PC-Axis file as statements, and statements as its text. What they mean is `mrstats.sources.px`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mrstats.schema import DatasetError

HEAD = re.compile(r'([A-Za-z][\w-]*)\s*(?:\[\s*"?([\w-]+)"?\s*\])?\s*(?:\(((?:"[^"]*"|[^")])*+)\))?\s*=')
BODY = re.compile(r'((?:"[^"]*"|[^";]++)*+);')
PIECE = re.compile(r'(?:"[^"]*"|[^",]++)++')
CODEPAGE = re.compile(rb'CODEPAGE\s*=\s*"([^"]*)"', re.IGNORECASE)
LONGEST = 250
"""PC-Axis reads no longer line; a longer text goes on in quotation marks on the next."""


@dataclass(frozen=True)
class Statement:
    """``KEYWORD[language]("key","key")="value","value";``"""

    keyword: str
    language: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    line: int


def decode(raw: bytes, name: str) -> str:
    """The bytes as text: UTF-8 where they are that, whatever the file says, else the code page that it names.

    Swedish text in a Windows code page is never valid UTF-8, while servers hand out UTF-8 under an old code page's name.

    Raises
    ------
    DatasetError
        The text is in neither; the message names the row.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        stated = CODEPAGE.search(raw[:4000])
        page = stated[1].decode("ascii", "replace") if stated else "windows-1252"
    try:
        return raw.decode(page)
    except (UnicodeDecodeError, LookupError) as error:
        row = raw[: getattr(error, "start", 0)].count(b"\n") + 1
        raise DatasetError(
            f'{name}, row {row}: the text is not in the file\'s CODEPAGE="{page}". Correct that line, or deliver it again.'
        ) from None


def statements(text: str, name: str) -> Iterator[Statement]:
    """The statements of a PX text up to and with ``DATA``, whose one value is left as it stands.

    Raises
    ------
    DatasetError
        A statement that cannot be read; the message names its row.
    """
    at = _next(text, 0)
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        head = HEAD.match(text, at)
        if not head:
            start = text[at : at + 40].splitlines()[0]
            raise DatasetError(
                f"{name}, row {line}: {start!r} is no statement of a PX file (KEYWORD=…;). Deliver the file again."
            )
        keyword, language, keys = head[1].upper(), head[2] or "", head[3]
        body = BODY.match(text, head.end())
        if keyword == "DATA":
            yield Statement(keyword, language, (), (body[1] if body else text[head.end() :],), line)
            return
        if not body:
            raise DatasetError(
                f"{name}, row {line}: {keyword} has no end; a quotation mark or a semicolon is missing. Correct that line."
            )
        yield Statement(keyword, language, _pieces(keys or ""), _pieces(body[1]), line)
        at = _next(text, body.end())
    raise DatasetError(f"{name}: the file ends before DATA. It was cut off on its way; fetch it again.")


def _next(text: str, at: int) -> int:
    """Where the next sign stands that is no space."""
    found = re.compile(r"\S").search(text, at)
    return found.start() if found else len(text)


def _pieces(text: str) -> tuple[str, ...]:
    """What commas outside quotation marks part; strings that follow one another are one."""
    pieces = (piece.strip() for piece in PIECE.findall(text))
    return tuple("".join(re.findall(r'"([^"]*)"', piece)) if piece.startswith('"') else piece for piece in pieces)


def written(keyword: str, values: Iterable[str] | str | int | bool, *keys: str) -> str:
    """A statement as text: texts in quotation marks, numbers and YES and NO bare.

    A quotation mark inside a text becomes ``”``, since the format has no way to write one.

    Examples
    --------
    >>> print(written("NOTE", "Väster", "region"))
    NOTE("region")="Väster";
    >>> print(written("DECIMALS", 1), written("COPYRIGHT", True))
    DECIMALS=1; COPYRIGHT=YES;
    """
    head = keyword + ("(" + ",".join(map(_quoted, keys)) + ")" if keys else "")
    if isinstance(values, bool):
        return f"{head}={'YES' if values else 'NO'};"
    if isinstance(values, int):
        return f"{head}={values};"
    texts = [values] if isinstance(values, str) else values
    return f"{head}=" + ",\n".join(_broken(text) for text in texts) + ";"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "”") + '"'


def _broken(text: str) -> str:
    plain = text.replace('"', "”")
    parts = [plain[at : at + LONGEST] for at in range(0, len(plain), LONGEST)] or [""]
    return "\n".join(f'"{part}"' for part in parts)
