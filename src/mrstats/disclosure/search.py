"""The search for a pattern: which moves to take, so that every cell that must be hidden is in one. It proves nothing.

The whole cross of codes lies in one flat array, the largest dimension first and a place for padding at the end of
each side. A move is a vector of the first dimension times a vector of the rest.
"""

from __future__ import annotations

import numpy as np

from mrstats.disclosure.joint import Problem
from mrstats.disclosure.moves import PAD, dimension_vectors, product
from mrstats.disclosure.witnesses import Witnesses
from mrstats.schema import DatasetError

CANDIDATES = 200
"""So many moves are kept for each cell, the cheapest."""
LARGEST_CROSS = 4_000_000
PRODUCTS = 60_000
"""About so many products of vectors are looked at; with many dimensions they are drawn at random."""
FREE, BLOCKED = 30_000, -30_000
REWARD = 0.01
"""For each further cell a move covers; so small that no move hides one cell more to get it."""
WEIGHT = 0.25
"""A cell costs 1 + so much for each power of ten persons in it: totals that many read are hidden last."""


def cross_size(problem: Problem) -> float:
    """How many cells the full cross of a problem's codes has."""
    return float(np.prod([float(len(dimension.with_atoms().codes)) for dimension in problem.dimensions]))


class Search:
    """The state of the search over the full cross of codes, one padding code added to each side of it."""

    def __init__(
        self, problem: Problem, primary: np.ndarray, *, width: int, seed: int, public=None, singletons=False,
        hasty=False,
    ):  # fmt: skip
        self.problem, self.width, self.singletons, self.hasty = problem, width, singletons, hasty
        self.rng = np.random.default_rng(seed)
        dimensions = [dimension.with_atoms() for dimension in problem.dimensions]
        self.order = sorted(range(len(dimensions)), key=lambda i: (-len(dimensions[i].codes), i))  # the largest first
        self.dimensions = [dimensions[i] for i in self.order]
        self.size = size = [len(dimension.codes) for dimension in self.dimensions]
        if cross_size(problem) > LARGEST_CROSS:
            raise DatasetError(
                f"the tables' joint cross has {cross_size(problem):.0f} cells, more than {LARGEST_CROSS}. "
                "Round the counts, or show fewer factors together."
            )
        self.rows, self.columns = size[0], int(np.prod(size[1:], dtype=int))
        self.stride = self.columns + 1
        grid = np.arange(self.rows * self.columns)
        self.grid = grid // self.columns * self.stride + grid % self.columns
        self.cells = self._dense_places(problem.codes[:, self.order])
        length = (self.rows + 1) * self.stride
        self.published = np.zeros(length, bool)
        self.published[self.cells] = True
        self.truth, self.who = np.zeros(length, np.int64), np.zeros(length, np.int64)
        self.truth[self.grid] = self._dense_sums(problem.values)
        self.who[self.grid] = self._dense_sums(problem.values * np.arange(len(problem.values)))  # where one is alone
        self.primary = np.zeros(length, bool)
        self.primary[self.cells] = primary
        slack = np.full(length, FREE)  # cells no one sees, of more than one atom, follow from their atoms
        slack[self._dense_places(self._leaf_codes())] = 0
        inner = slack == 0
        slack[inner] = self.truth[inner]
        slack[self.published] = self.truth[self.published] - 1
        slack[self.published & (self.truth == 0)] = BLOCKED
        if public is not None:
            slack[self.cells[public]] = BLOCKED
        self.slack = np.minimum(slack, FREE)
        self.uses = np.zeros(length, np.int32)  # moves through each cell
        self.covers = np.zeros(length, np.int32)  # moves that prove it
        self.weight = self.published * (1 + WEIGHT * np.log10(np.maximum(self.truth, 1)))
        self.cost = np.where(self.primary, -REWARD, self.weight)
        self.moves: dict[int, tuple[np.ndarray, np.ndarray, tuple[int, int]]] = {}
        self.through: dict[int, set[int]] = {}
        self.next = 0
        self.failed: list[int] = []
        self.weak: list[int] = []
        self.pinned: set[int] = set()
        self.targets = self._by_size(np.flatnonzero(self.primary))
        self._choose_vectors()
        self._choose_candidates()

    # ---- the cross
    def _dense_places(self, codes: np.ndarray) -> np.ndarray:
        """Places in the padded cross of cells given by their codes, the largest dimension first."""
        flat = np.ravel_multi_index(tuple(codes.T), self.size)
        return flat // self.columns * self.stride + flat % self.columns

    def _leaf_codes(self) -> np.ndarray:
        """Codes that are one atom each, in every dimension: the cells a count below zero could be in."""
        single = [np.flatnonzero(dimension.membership.sum(axis=1) == 1) for dimension in self.dimensions]
        return np.stack(np.meshgrid(*single, indexing="ij"), axis=-1).reshape(-1, len(single))

    def _dense_sums(self, values: np.ndarray) -> np.ndarray:
        """Inner values added up over the whole cross of codes."""
        array = np.zeros([len(dimension.atoms) for dimension in self.dimensions], np.int64)
        array[tuple(self.problem.inner[:, i] for i in self.order)] = values
        for axis, dimension in enumerate(self.dimensions):
            array = np.moveaxis(np.tensordot(dimension.membership.astype(np.int64), array, (1, axis)), 0, axis)
        return array.ravel()

    def _by_size(self, cells: np.ndarray) -> np.ndarray:
        """The smallest counts first, since they have the fewest partners; ties at random."""
        return cells[np.lexsort((self.rng.random(len(cells)), self.truth[cells]))]

    # ---- candidates
    def _choose_vectors(self) -> None:
        """Vectors of the first dimension, and those products of the rest that change a target."""
        vectors = [dimension_vectors(dimension, self.rng) for dimension in self.dimensions]
        self.first, rest, size = vectors[0], vectors[1:], self.size[1:]
        through = [part.by_code(codes) for part, codes in zip(rest, size, strict=True)]
        count = [len(part.codes) for part in rest]
        wanted = np.unique(self.targets % self.stride)
        most = int(np.clip(PRODUCTS / max(len(wanted), 1), 200, 4000))
        numbers: dict[int, np.ndarray] = {}
        for column in wanted.tolist():
            lists = [of[code] for of, code in zip(through, np.unravel_index(column, size), strict=True)] if size else []
            lengths = [len(each) for each in lists]
            many = int(np.prod(lengths, dtype=np.int64))
            chosen = np.arange(many) if many <= most else self.rng.choice(many, most, replace=False)
            picks = (
                [each[at] for each, at in zip(lists, np.unravel_index(chosen, lengths), strict=True)] if size else []
            )
            numbers[column] = np.ravel_multi_index(picks, count) if size else chosen
        every = np.unique(np.concatenate([*numbers.values(), np.zeros(0, int)])).astype(int)
        self.rest_of = {column: np.searchsorted(every, number) for column, number in numbers.items()}
        drawn = np.column_stack(np.unravel_index(every, count)) if size else np.zeros((len(every), 0), int)
        atoms = [len(dimension.atoms) for dimension in self.dimensions[1:]]
        self.rest = product(list(zip(rest, size, atoms, strict=True)), drawn)

    def _choose_candidates(self) -> None:
        """For each target the cheapest moves that leave room for `width`, as pairs (first vector, rest vector)."""
        slack = np.full((self.rows + 1, self.stride), FREE, np.int32)
        slack[:] = self.slack.reshape(self.rows + 1, self.stride)
        slack[-1], slack[:, -1] = FREE, FREE
        self.rest_codes = np.where(self.rest.codes == PAD, self.columns, self.rest.codes)
        self.first_codes = np.where(self.first.codes == PAD, self.rows, self.first.codes)
        cost = self.cost.reshape(self.rows + 1, self.stride).astype(np.float32)
        ones = ((self.truth == 1) & self.published).reshape(self.rows + 1, self.stride).astype(np.float32)
        first_of = self.first.by_code(self.rows)
        along: dict[int, tuple[np.ndarray, ...]] = {}  # of the rest vectors of a column
        self.options: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        row_of = self.targets // self.stride
        for row in np.unique(row_of):
            vectors = first_of[row]
            codes, signs = self.first_codes[vectors], self.first.signs[vectors]
            for cell in self.targets[row_of == row]:
                column = int(cell % self.stride)
                chosen = self.rest_of[column]
                if column not in along:
                    along[column] = self._along(chosen, slack, cost, ones)
                up_room, down_room, price, alone = along[column]
                plus = np.full((len(vectors), len(chosen)), FREE, np.int32)
                minus, total = plus.copy(), np.zeros(plus.shape, np.float32)
                single = np.zeros_like(total)
                for code, sign in zip(codes.T, signs.T, strict=True):
                    up = sign[:, None] >= 0
                    plus = np.minimum(plus, np.where(up, up_room[code], down_room[code]))
                    minus = np.minimum(minus, np.where(up, down_room[code], up_room[code]))
                    total += price[code]
                    single += alone[code]
                one, other = np.nonzero(plus.astype(np.int64) + minus >= self.width)
                worth = total[one, other]
                if self.singletons:  # those that move a lone person's cell come last
                    worth = worth + 100 * (single[one, other] > self._own_ones(cell))
                if len(one) > CANDIDATES:
                    best = np.lexsort((self.rng.random(len(one)), worth))[:CANDIDATES]
                    one, other = one[best], other[best]
                self.options[int(cell)] = vectors[one], chosen[other]
                if self.hasty and not len(one):
                    return

    def _along(self, chosen: np.ndarray, *grids: np.ndarray) -> tuple[np.ndarray, ...]:
        """Of some rest vectors, in every row: room upwards and downwards, price, and cells of a lone person."""
        slack, cost, ones = grids
        codes, signs = self.rest_codes[chosen], self.rest.signs[chosen]
        up = np.full((self.rows + 1, len(chosen)), FREE, np.int32)
        down, price = up.copy(), np.zeros(up.shape, np.float32)
        alone = np.zeros_like(price)
        for code, sign in zip(codes.T, signs.T, strict=True):
            part = slack[:, code]
            up = np.minimum(up, np.where(sign == 1, part, FREE))
            down = np.minimum(down, np.where(sign == -1, part, FREE))
            price += cost[:, code]
            alone += ones[:, code]
        return up, down, price, alone

    def _own_ones(self, cell: int) -> int:
        return int(self.truth[cell] == 1)

    def _support(self, one, other) -> np.ndarray:
        """Places of the cells a move changes; unused places point at the padding."""
        return (self.first_codes[one][..., :, None] * self.stride + self.rest_codes[other][..., None, :]).reshape(
            *np.shape(one), -1
        )

    def best(self, cell: int, banned: int = -1, *, singletons: bool | None = None) -> tuple[float, int]:
        """The cheapest move that proves a cell: what it costs, and which of the cell's options it is."""
        one, other = self.options[cell]
        if not len(one):
            return np.inf, -1
        support = self._support(one, other)
        price = self.cost[support].sum(axis=1)
        if banned >= 0:
            price[(support == banned).any(axis=1)] = np.inf
        if self.singletons if singletons is None else singletons:
            ones = ((self.truth[support] == 1) & self.published[support] & ~self._kin(cell, support)).any(axis=1)
            price[ones] = np.inf
        at = int(price.argmin())
        return float(price[at]), at

    # ---- state
    def add(self, cell: int, at: int) -> int:
        """Take one of a cell's options into the pattern."""
        one, other = self.options[cell][0][at], self.options[cell][1][at]
        support = self._support(one, other)
        support = support[(support % self.stride < self.columns) & (support < self.rows * self.stride)]
        return self._put(support, self._proven(support), (int(one), int(other)))

    def _put(self, support: np.ndarray, proven: np.ndarray, vectors: tuple[int, int]) -> int:
        self.next += 1
        self.moves[self.next] = support, proven, vectors
        self.uses[support] += 1
        self.covers[proven] += 1
        self._price(support)
        for cell in support.tolist():
            self.through.setdefault(cell, set()).add(self.next)
        return self.next

    def remove(self, move: int) -> tuple:
        """Take a move out again; returns it for `_put`."""
        support, proven, vectors = self.moves.pop(move)
        self.uses[support] -= 1
        self.covers[proven] -= 1
        self._price(support)
        for cell in support.tolist():
            self.through[cell].discard(move)
        return support, proven, vectors

    def _price(self, cells: np.ndarray) -> None:
        own = self.primary[cells]
        self.cost[cells] = np.where(
            own, np.where(self.covers[cells] > 0, 0.0, -REWARD), np.where(self.uses[cells] == 0, self.weight[cells], 0)
        )

    def _proven(self, support: np.ndarray) -> np.ndarray:
        """The cells a move proves: all, or those that its only lone person is in."""
        if not self.singletons:
            return support
        ones = support[(self.truth[support] == 1) & self.published[support]]
        for one in ones.tolist():
            support = support[self._kin(one, support)]
        return support

    def _kin(self, cell: int, support: np.ndarray) -> np.ndarray:
        """Which cells hold nobody but the lone person of a cell of one: they know those anyway."""
        if self.truth[cell] != 1:
            return np.zeros(support.shape, bool)
        return (self.truth[support] == 1) & (self.who[support] == self.who[cell])

    # ---- search
    def cover_all(self) -> None:
        """Greedy: every target gets its cheapest move, in order of size."""
        for cell in self.targets.tolist():
            if self.covers[cell] == 0:
                price, at = self.best(cell)
                if np.isfinite(price):
                    self.add(cell, at)
                elif not (self.singletons and self.cover_together(cell)):
                    self._fall_back(cell)

    def _fall_back(self, cell: int) -> None:
        """A move that holds against outsiders only, if there is one."""
        price, at = self.best(cell, singletons=False)
        if np.isfinite(price):
            self.pinned.add(self.add(cell, at))
            self.weak.append(cell)
        else:
            self.failed.append(cell)

    def cover_together(self, cell: int, most: int = 6) -> bool:
        """Prove a cell by several moves, of which no one person's cell of one is in all. They stay for good."""
        if not len(self.options[cell][0]):
            return False
        chosen: list[int] = []
        support = self._support(*self.options[cell])
        price = self.cost[support].sum(axis=1)
        lone = (self.truth[support] == 1) & self.published[support] & ~self._kin(cell, support)
        free = np.ones(len(price), bool)
        persons: set[int] | None = None
        while free.any() and len(chosen) < most:
            at = int(np.where(free, price, np.inf).argmin())
            chosen.append(at)
            ones = set(support[at][lone[at]].tolist())
            known = {one for one in (persons or ones) if self._kin(one, np.array(sorted(ones))).any()}
            persons = ones if persons is None else known
            if not persons:
                self.pinned |= {self.add(cell, at) for at in chosen}
                self.covers[cell] += 1
                self._price(np.array([cell]))
                return True
            free &= ~self._kin(next(iter(sorted(persons))), support).any(axis=1)
        return False

    def renew_moves(self) -> None:
        """Ruin and recreate: take each move away, cover what it leaves bare, keep what is no worse."""
        for move in self.rng.permutation(list(self.moves)).tolist():
            if move in self.moves:
                self._try([move])

    def drop_secondaries(self, most: int = 12) -> None:
        """Try to publish each secondary cell, the largest first."""
        cells = np.flatnonzero((self.uses > 0) & self.published & ~self.primary)
        for cell in cells[np.argsort(-self.truth[cells], kind="stable")].tolist():
            moves = sorted(self.through.get(cell, ()))
            if 0 < len(moves) <= most:
                self._try(moves, cell)

    def _try(self, moves: list[int], banned: int = -1) -> None:
        """Remove moves and cover their targets anew, without a banned cell; undo it if that hides more."""
        if self.pinned.intersection(moves):
            return
        taken = [self.remove(move) for move in moves]
        bare = np.unique(np.concatenate([proven for _, proven, _ in taken]))
        bare = bare[self.primary[bare] & (self.covers[bare] == 0)]
        freed = np.unique(np.concatenate([support for support, _, _ in taken]))
        room = self.cost[freed[~self.primary[freed]]].sum()
        added = []
        for cell in bare[np.argsort(self.truth[bare], kind="stable")].tolist():
            if self.covers[cell] == 0:
                price, at = self.best(cell, banned)
                room -= max(price, 0)
                if room < 0:
                    break
                added.append(self.add(cell, at))
        if room < 0:
            for move in added[::-1]:
                self.remove(move)
            for one in taken:
                self._put(*one)

    # ---- result
    def uncovered(self, cells: list[int]) -> list[int]:
        """Those of some cells that no move proves after all."""
        return [cell for cell in cells if self.covers[cell] == 0]

    def places(self, cells: list[int]) -> list[int]:
        """Positions among the problem's published cells."""
        order = np.argsort(self.cells)
        return order[np.searchsorted(self.cells[order], np.array(cells, int))].tolist()

    def pattern(self) -> np.ndarray:
        """Which published cells are hidden."""
        return self.primary[self.cells] | (self.uses[self.cells] > 0)

    def witnesses(self) -> Witnesses:
        """The moves as changes of inner cells."""
        pairs = np.array([vectors for _, _, vectors in self.moves.values()], int).reshape(-1, 2)
        sizes = [len(dimension.atoms) for dimension in self.dimensions]
        across = int(np.prod(sizes[1:], dtype=int))
        start, end = self.first.atoms[pairs[:, 0]][:, :, None], self.rest.atoms[pairs[:, 1]][:, None, :]
        signs = self.first.atom_signs[pairs[:, 0]][:, :, None] * self.rest.atom_signs[pairs[:, 1]][:, None, :]
        width = self.first.atoms.shape[1] * self.rest.atoms.shape[1]
        flat = np.where(signs, start * across + end, 0).reshape(len(pairs), width)
        atoms = np.zeros((*flat.shape, len(sizes)), int)
        atoms[..., self.order] = np.stack(np.unravel_index(flat, sizes), axis=-1)
        return Witnesses(atoms, signs.reshape(len(pairs), width))
