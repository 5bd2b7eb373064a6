"""The small language of numerators and denominators in dataset.toml, read into narwhals. It never runs code.

``age >= 20 and age <= 64``: names of columns, numbers, texts in quotes, ``and or not``, comparisons, ``in``,
``+ - * /``, ``true`` and ``false``. The same text works on pandas, DuckDB, Polars or a warehouse.
"""

from __future__ import annotations

import ast
import operator

import narwhals as nw

from mrstats.definitions import Indicator
from mrstats.schema import DatasetError

COMPARISONS = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
CONSTANTS = {"true": True, "false": False}


def parse(text: str, *, where: str = "expression") -> ast.expr:
    """The syntax tree of an expression; a DatasetError quotes what cannot be read."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise DatasetError(f"{where}: {text!r} cannot be read ({error.msg}).") from None
    for node in ast.walk(tree):
        allowed = (
            ast.Name, ast.Constant, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.Compare, ast.BinOp,
            ast.In, ast.NotIn, ast.List, ast.Tuple, ast.Load, *COMPARISONS, *ARITHMETIC,
        )  # fmt: skip
        foreign = isinstance(node, ast.Constant) and type(node.value) not in (int, float, str)
        if foreign or not isinstance(node, allowed):
            raise DatasetError(
                f"{where}: {text!r} uses {ast.unparse(node) if foreign else type(node).__name__}, which is not part of the language. "
                "Use column names, numbers, texts in quotes, and/or/not, comparisons, in, + - * /."
            )
    return tree


def column_names(text: str) -> set[str]:
    """Columns an expression reads.

    Examples
    --------
    >>> sorted(column_names("employed and age >= 20"))
    ['age', 'employed']
    """
    return {n.id for n in ast.walk(parse(text)) if isinstance(n, ast.Name)} - set(CONSTANTS)


def numbers_of(text: str) -> set[str]:
    """Columns of an expression that must be numbers: counted with, compared with one, or the whole of it.

    Examples
    --------
    >>> sorted(numbers_of("income / 12 < 100 and sex == '1'")), numbers_of("income")
    (['income'], {'income'})
    """
    tree, found = parse(text), set()
    for node in ast.walk(tree):
        parts: list[ast.expr] = []
        if isinstance(node, ast.BinOp):
            parts = [node.left, node.right]
        elif isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
            bare = [part.operand if isinstance(part, ast.UnaryOp) else part for part in parts]
            if not any(isinstance(part, ast.Constant) and not isinstance(part.value, str) for part in bare):
                continue
        found |= {part.id for part in (parts or [tree]) if isinstance(part, ast.Name)}
    return found - set(CONSTANTS)


def texts_of(text: str) -> set[tuple[str, str]]:
    """Columns and the texts that an expression compares them with.

    Examples
    --------
    >>> sorted(texts_of("kind == 'employed' or kind in ('trainee', 'apprentice')"))
    [('kind', 'apprentice'), ('kind', 'employed'), ('kind', 'trainee')]
    """
    found = set()
    for node in ast.walk(parse(text)):
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
            held = [e for part in parts for e in (part.elts if isinstance(part, ast.List | ast.Tuple) else [part])]
            texts = {e.value for e in held if isinstance(e, ast.Constant) and isinstance(e.value, str)}
            found |= {(e.id, said) for e in held if isinstance(e, ast.Name) for said in texts}
    return found


def columns_of(indicator: Indicator) -> set[str]:
    """Columns an indicator's numerator, denominator and `per` read."""
    return set().union(*(column_names(e) for e in (indicator.numerator, indicator.denominator, indicator.per) if e))


def to_narwhals(text: str, *, where: str = "expression") -> nw.Expr:
    """An expression as a narwhals expression.

    A comparison with a missing cell is missing, on engines that know the difference (DuckDB, Arrow, pandas' nullable
    types); `mrstats.engine` turns plain pandas frames into such before it reads them.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = nw.from_native(pd.DataFrame({"age": [10, 30, 70], "employed": [False, True, True]}))
    >>> frame.select(to_narwhals("employed and age <= 64").alias("y"))["y"].to_list()
    [False, True, False]
    """
    return _build(parse(text, where=where))


def _build(node: ast.expr) -> nw.Expr:
    match node:
        case ast.Name(id=name):
            return nw.lit(CONSTANTS[name]) if name in CONSTANTS else nw.col(name)
        case ast.Constant(value=int() | float() | str() as value):
            return nw.lit(value)
        case ast.BoolOp(op=op, values=values):
            combine = operator.and_ if isinstance(op, ast.And) else operator.or_
            built = [_build(value) for value in values]
            result = built[0]
            for part in built[1:]:
                result = combine(result, part)
            return result
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ~_build(operand)
        case ast.UnaryOp(operand=operand):
            return nw.lit(0) - _build(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return ARITHMETIC[type(op)](_build(left), _build(right))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            if isinstance(op, (ast.In, ast.NotIn)):
                member = _build(left).is_in([ast.literal_eval(item) for item in right.elts])  # type: ignore[attr-defined]
                return ~member if isinstance(op, ast.NotIn) else member
            return COMPARISONS[type(op)](_build(left), _build(right))
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            links = zip([left, *comparators], ops, comparators, strict=False)
            return _build(ast.BoolOp(ast.And(), [ast.Compare(a, [op], [b]) for a, op, b in links]))
    raise DatasetError(f"an expression cannot hold {ast.dump(node)}.")


def is_condition(text: str) -> bool:
    """Whether an expression is true or false by its form (a filter), not an amount.

    Examples
    --------
    >>> is_condition("content == 'employed'"), is_condition("low * persons / 100")
    (True, False)
    """
    match parse(text):
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Name(id=name):
            return name in CONSTANTS
    return False
