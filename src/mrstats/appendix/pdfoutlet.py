"""A finished PDF read back as an attacker reads it: pages, tables by their tags, texts for screen readers, attachments."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..disclosure.leaks import CELL, ROW, TEXT, Block, Outlet
from ..schema import EditionError
from .outlets import attached, together

SPOKEN = ("/Alt", "/ActualText", "/E", "/T")
SECTION = re.compile(r"\d+(?:\.\d+)* +")
"""The number that the pages set before a heading; 5.3 is no figure of those whom the heading names."""

TEXTS = re.compile(r"/(P|H\d?|Title|Caption|LI|Note|FENote|TOCI|BibEntry|BlockQuote|Formula)")
Letters = dict[tuple[int, int | None], list[dict[str, Any]]]


def read_pdf(path: Path | str) -> Outlet:
    """A PDF: its tables' cells with the heads that their tags name, paragraphs, labels of drawings, and all that is not seen.

    Parameters
    ----------
    path : path
        Tagged or not; text outside tags is read line by line.

    Returns
    -------
    Outlet
        Also alternative texts, bookmarks, annotations, metadata and, as files, all attachments.

    Raises
    ------
    EditionError
        The file is no PDF or holds an archive.
    """
    import pdfplumber
    import pikepdf

    path = Path(path)
    letters: Letters = defaultdict(list)
    try:
        with pdfplumber.open(path) as pages:
            for page in pages.pages:
                for letter in page.chars:
                    letters[page.page_number, letter.get("mcid")].append(letter)
                page.close()
        with pikepdf.open(path) as pdf:
            reader = _Reader(pdf, letters)
            blocks = [*reader.tagged(), *reader.untagged(), *_beside(pdf)]
            blocks = [reader.without_section(block) for block in blocks]
            files = tuple(attached(name, kept.get_file().read_bytes()) for name, kept in pdf.attachments.items())
    except (pikepdf.PdfError, pdfplumber.utils.exceptions.PdfminerException) as error:
        raise EditionError(f"{path.name} cannot be read as a PDF ({error}). Build it again.") from None
    return Outlet(path.name, "pdf", tuple(dict.fromkeys(blocks)), files)


class _Reader:
    """The tags of a PDF, depth first, and the letters that each of them holds."""

    def __init__(self, pdf, letters: Letters):
        self.pdf, self.letters = pdf, letters
        self.number = {page.objgen: place for place, page in enumerate(pdf.pages, start=1)}
        self.pages = defaultdict(str)
        whole: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for (page, _), held in letters.items():
            whole[page] += held
        for page, held in whole.items():
            self.pages[page] = "\n".join(text for _, _, text in lines_of(held))
        self.used: set[tuple[int, int | None]] = set()
        self.heads: dict[str, str] = {}
        self.sections: set[str] = set()

    def tagged(self) -> Iterator[Block]:
        root = self.pdf.Root.get("/StructTreeRoot")
        if root is not None:
            for child in _elements(root):
                yield from self._walk(child, 0)

    def untagged(self) -> Iterator[Block]:
        for page in sorted({page for page, _ in self.letters}):
            left = [x for key, held in self.letters.items() if key[0] == page and key not in self.used for x in held]
            for _, _, text in lines_of(left):
                yield Block(ROW, f"page {page}", text, context=self._about(page))

    def without_section(self, block: Block) -> Block:
        """A heading, or what repeats one (contents, bookmark, link), without the number of its section."""
        number = SECTION.match(block.text)
        if number is None:
            return block
        words = block.text[number.end() :]
        said = number.group() + words.lstrip("“”")  # a link tells its heading in quotation marks
        return replace(block, text=words) if any(map(said.startswith, self.sections)) else block

    def _about(self, page: int) -> str:
        return " · ".join([*self.heads.values(), self.pages[page]])

    def _walk(self, element, page: int) -> Iterator[Block]:
        page = self._page(element, page)
        kind = str(element.get("/S", ""))
        held = list(self._content(element, page))
        at = held[0][0] if held else page
        for name in SPOKEN:
            if name in element and str(element[name]).strip():
                yield Block(TEXT, f"page {at}, {name[1:]} of {kind[1:]}", str(element[name]), context=self._about(at))
        if kind == "/Table":
            yield from self._table(element, page)
        elif kind == "/Figure":
            yield from self._drawing(held, at)
        elif TEXTS.fullmatch(kind) and not any(_inside(element, "/Table", "/Figure")):
            text = self._text(held)
            if re.fullmatch(r"/H\d?|/Title", kind):
                level = kind[2:] or "1"
                self.heads = {key: value for key, value in self.heads.items() if key < level} | {level: text}
                if SECTION.match(text):
                    self.sections.add(text)
            yield Block(TEXT, f"page {at}", text, context=self._about(at))
            for child in _elements(element):
                yield from self._spoken_below(child, at)
        else:
            own = list(self._content(element, page, deep=False))
            if own:
                yield Block(TEXT, f"page {at}", self._text(own), context=self._about(at))
            for child in _elements(element):
                yield from self._walk(child, page)

    def _spoken_below(self, element, at: int) -> Iterator[Block]:
        for name in SPOKEN:
            if name in element and str(element[name]).strip():
                yield Block(TEXT, f"page {at}, {name[1:]}", str(element[name]), context=self._about(at))
        for child in _elements(element):
            yield from self._spoken_below(child, at)

    def _table(self, table, page: int) -> Iterator[Block]:
        """Each cell with the heads its tags name; without such tags the first cell of its row and every column's head."""
        ids = {
            str(head["/ID"]): self._text(self._content(head, page)) for head in _inside(table, "/TH") if "/ID" in head
        }
        every = [self._text(self._content(head, page)) for head in _inside(table, "/TH")]
        said = [self._text(self._content(caption, page)) for caption in _inside(table, "/Caption")]
        about = " · ".join([*(said or self.heads.values()), *every[:1]])
        for number, row in enumerate(_inside(table, "/TR"), start=1):
            cells = [cell for cell in _elements(row) if str(cell.get("/S")) in ("/TH", "/TD")]
            texts = [self._text(self._content(cell, page)) for cell in cells]
            for place, (cell, text) in enumerate(zip(cells, texts, strict=True)):
                named = [ids.get(str(name), "") for name in _headers(cell)]
                labels = " · ".join([texts[0], *named]) if place else text
                held = next(iter(self._content(cell, page)), (page, None))
                context = f"{self._about(held[0])} · {' · '.join(every)}"
                where = f"page {held[0]}, table row {number}, cell {place + 1}"
                if re.search(r"\d", text):
                    yield Block(
                        CELL if place and named else ROW, where, text if place else labels, labels, context, about
                    )
                yield from self._spoken_below(cell, held[0])

    def _drawing(self, held, at: int) -> Iterator[Block]:
        """Labels on one line or above one another; a label is what no wide gap parts."""
        by_page: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for key in held:
            self.used.add(key)
            by_page[key[0]] += self.letters.get(key, [])
        for page, letters in by_page.items():
            for text in together(lines_of(letters, apart=True)):
                yield Block(ROW, f"page {page}, drawing", text, context=self._about(page))

    def _content(self, element, page: int, *, deep: bool = True) -> Iterator[tuple[int, int]]:
        """Page and number of the marked content of an element."""
        page = self._page(element, page)
        for kid in _kids(element):
            if isinstance(kid, int):
                yield page, kid
            elif "/MCID" in kid:
                yield self._page(kid, page), int(kid["/MCID"])
            elif deep and "/S" in kid:
                yield from self._content(kid, page)

    def _page(self, element, page: int) -> int:
        own = element.get("/Pg")
        return page if own is None else self.number.get(own.objgen, page)

    def _text(self, held) -> str:
        """The words of some marked content, page by page; a word parted at a line's end is put together again."""
        by_page: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for key in held:
            self.used.add(key)
            by_page[key[0]] += self.letters.get(key, [])
        lines = [text for letters in by_page.values() for _, _, text in lines_of(letters)]
        return re.sub(r"(?<=\w)[-\u00ad\u2010] (?=[a-zåäö])", "", " ".join(lines))


def lines_of(letters: list[dict[str, Any]], *, apart: bool = False) -> list[tuple[float, float, str]]:
    """Letters as lines of text: middle, height on the page, words; with `apart` cut at every wide gap."""
    lines: list[list[dict[str, Any]]] = []
    for letter in sorted(letters, key=lambda x: (round(x["bottom"], 1), x["x0"])):
        if lines and abs(letter["bottom"] - lines[-1][0]["bottom"]) < 0.4 * letter["size"]:
            lines[-1].append(letter)
        else:
            lines.append([letter])
    found = []
    for line in lines:
        line.sort(key=lambda x: x["x0"])
        pieces = [[line[0]]]
        for before, letter in pairwise(line):
            gap = letter["x0"] - before["x1"]
            if apart and gap > 0.8 * letter["size"]:
                pieces.append([letter])
            else:
                pieces[-1] += [{**letter, "text": " " + letter["text"]} if gap > 0.15 * letter["size"] else letter]
        for piece in pieces:
            text = re.sub(r" +", " ", "".join(letter["text"] for letter in piece)).strip(" ")
            if text:
                found.append(((piece[0]["x0"] + piece[-1]["x1"]) / 2, piece[0]["bottom"], text))
    return found


def _beside(pdf) -> Iterator[Block]:
    """What no page shows: bookmarks, annotations, metadata, names of attachments."""
    texts = [("document information", f"{key[1:]}: {value}") for key, value in pdf.docinfo.items()]
    if "/Metadata" in pdf.Root:
        packet = pdf.Root.Metadata.read_bytes().decode("utf-8", errors="replace")
        texts += [("metadata", text) for text in re.findall(r">([^<>]*\w[^<>]*)<", packet)]
    with pdf.open_outline() as outline:
        texts += [("bookmark", title) for title in _titles(outline.root)]
    for number, page in enumerate(pdf.pages, start=1):
        for note in page.get("/Annots", []):
            for key in ("/Contents", "/TU", "/T", "/V", "/Subj"):
                if key in note:
                    texts.append((f"page {number}, annotation", str(note[key])))
            if "/A" in note and "/URI" in note["/A"]:
                texts.append((f"page {number}, link", str(note["/A"]["/URI"])))
    texts += [("attachment", f"{name}: {kept.description}") for name, kept in pdf.attachments.items()]
    context = " · ".join(text for _, text in texts)
    yield from (Block(TEXT, where, text, context=context) for where, text in texts)


def _titles(items) -> Iterator[str]:
    for item in items:
        yield item.title
        yield from _titles(item.children)


def _kids(element) -> list:
    import pikepdf

    content = element.get("/K", pikepdf.Array())
    every = list(content.as_list()) if isinstance(content, pikepdf.Array) else [content]
    return [kid for kid in every if isinstance(kid, int | pikepdf.Dictionary)]


def _elements(element) -> list:
    return [kid for kid in _kids(element) if not isinstance(kid, int) and "/S" in kid]


def _inside(element, *kinds: str) -> Iterator:
    """Elements of some kinds below one, depth first."""
    for child in _elements(element):
        if str(child["/S"]) in kinds:
            yield child
        yield from _inside(child, *kinds)


def _headers(cell) -> list:
    import pikepdf

    found = cell.get("/A", pikepdf.Array())
    every = found if isinstance(found, pikepdf.Array) else [found]
    return [name for part in every if isinstance(part, pikepdf.Dictionary) for name in part.get("/Headers", [])]
