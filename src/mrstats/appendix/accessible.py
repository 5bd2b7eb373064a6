"""The last touch on a typeset PDF: row headers, which Typst cannot tag, and rows of a foot, which are rows like others.

Changes nothing seen on a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def add_row_headers(path) -> int:
    """Make the first cell of each body row a header of that row, in place.

    Typst tags column headers and lists them for each cell; the row's header is added to both, so that a
    screen reader says "Österhed, Kvinnor, Andel: 61,5" wherever the reader stands.

    Parameters
    ----------
    path : str or Path
        A tagged PDF; it is written again.

    Returns
    -------
    int
        Row headers made.
    """
    import pikepdf

    path = Path(path)
    ids: dict[str, pikepdf.Dictionary] = {}
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        root = pdf.Root.StructTreeRoot
        for number, table in enumerate(_elements(root, "/Table")):
            _join_foot(table)
            for part in _children(table, "/TBody"):
                for line, row in enumerate(_children(part, "/TR")):
                    _promote(pdf, row, f"R{number}y{line}", ids)
        if ids:
            _register(pdf, root, ids)
        # No new dates and no random ids: the same input gives the same bytes.
        pdf.save(path, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return len(ids)


def _join_foot(table) -> None:
    """Make the rows of a table's foot the last ones of its body: the page needs a foot to keep them together, no reader does."""
    import pikepdf

    for foot in _children(table, "/TFoot"):
        body = _children(table, "/TBody")[-1]
        rows = _children(foot)
        for row in rows:
            row.P = body
        body.K = pikepdf.Array([*_children(body), *rows])
        table.K = pikepdf.Array([part for part in _children(table) if part.objgen != foot.objgen])


def _promote(pdf, row, name: str, ids: dict) -> None:
    import pikepdf

    cells = _children(row, "/TD")
    if not cells:
        return
    head = cells[0]
    head.S = pikepdf.Name.TH
    head.ID = pikepdf.String(name)
    attributes = _table_attributes(head)
    attributes.Scope = pikepdf.Name.Row
    for cell in cells[1:]:
        own = _table_attributes(cell)
        own.Headers = pikepdf.Array([*own.get("/Headers", []), pikepdf.String(name)])
    ids[name] = head


def _table_attributes(cell):
    """The cell's attributes of the owner Table, made if there are none."""
    import pikepdf

    found = cell.get("/A", pikepdf.Array())
    every = found if isinstance(found, pikepdf.Array) else pikepdf.Array([found])
    for attributes in every:
        if attributes.get("/O") == pikepdf.Name.Table:
            return attributes
    every.append(pikepdf.Dictionary(O=pikepdf.Name.Table))
    cell.A = every
    return cell.A[len(cell.A) - 1]


def _register(pdf, root, ids: dict) -> None:
    """Add the new ids to the document's tree of ids."""
    import pikepdf

    tree = pikepdf.NameTree(root.IDTree) if "/IDTree" in root else pikepdf.NameTree.new(pdf)
    for name, element in ids.items():
        tree[name] = element
    root.IDTree = tree.obj


def _elements(node, kind: str) -> Iterator:
    """Structure elements of one kind, depth first, in reading order."""
    for child in _children(node):
        if str(child.S) == kind:
            yield child
        yield from _elements(child, kind)


def _children(node, kind: str | None = None) -> list:
    import pikepdf

    content = node.get("/K", pikepdf.Array())
    every = content if isinstance(content, pikepdf.Array) else [content]
    found = [child for child in every if isinstance(child, pikepdf.Dictionary) and "/S" in child]
    return [child for child in found if kind is None or str(child.S) == kind]
