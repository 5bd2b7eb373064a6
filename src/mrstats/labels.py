"""Where labels go: moved apart along a line, or beside a mark where nothing else stands. Millimetres only."""

from __future__ import annotations

from dataclasses import dataclass, field


def spread(wanted: list[float], heights: list[float], top: float, bottom: float) -> list[float]:
    """Places for boxes of some heights, as near to where they are wanted as can be, in order and without overlap.

    Parameters
    ----------
    wanted, heights : list of float, equally long
        Upper edges that are wished for, in rising order, and heights, in millimetres.
    top, bottom : float
        No box passes them, unless all together are higher than the room.

    Returns
    -------
    list of float
        Upper edges; boxes that would meet move as one, by as little as can be.

    Examples
    --------
    >>> spread([10.0, 11.0, 40.0], [4.0, 4.0, 4.0], 0.0, 60.0)
    [8.5, 12.5, 40.0]
    """
    blocks: list[tuple[float, float, list[float]]] = []  # sum of the starts its boxes wish for, height, boxes
    for place, height in zip(wanted, heights, strict=True):
        blocks.append((place, height, [height]))
        while len(blocks) > 1:
            (sum_, tall, members), (other_sum, other_tall, other) = blocks[-2:]
            if _start(blocks[-2], top, bottom) + tall <= _start(blocks[-1], top, bottom):
                break
            blocks[-2:] = [(sum_ + other_sum - len(other) * tall, tall + other_tall, members + other)]
    places = []
    for block in blocks:
        start = _start(block, top, bottom)
        for height in block[2]:
            places.append(start)
            start += height
    return places


def _start(block: tuple[float, float, list[float]], top: float, bottom: float) -> float:
    wished, tall, members = block
    return max(top, min(wished / len(members), bottom - tall))


_AIR = 0.8
"""Millimetres between a name and what stands before or after it."""

Box = tuple[float, float, float, float]


@dataclass
class Placer:
    """Finds room for names beside marks: inside `room`, clear of marks and names, and of lines if it can.

    `room` is left, top, right, bottom; `lines` are points along the lines that a name should rather not cross.
    """

    room: Box
    lines: list[tuple[float, float]]
    taken: list[Box] = field(default_factory=list)

    def block(self, x: float, y: float, radius: float) -> None:
        """Take the room of a mark."""
        self.taken.append((x - radius, y - radius, x + radius, y + radius))

    def place(self, x: float, y: float, width: float, height: float, gap: float = 2.2):
        """Left end, middle, and whether a line is crossed, for a name beside the mark at (x, y); None if nowhere."""
        across = (x + gap, x - gap - width, x - width / 2)
        up = gap + height / 2
        tries = [(across[0], y), (across[1], y), (across[2], y - up), (across[2], y + up)]
        tries += [(left, y + shift) for shift in (-up * 0.7, up * 0.7) for left in across[:2]]
        free = [(left, middle) for left, middle in tries if self._is_free(left, middle - height / 2, width, height)]
        if not free:
            return None
        crossing = [self._crosses(left, middle - height / 2, width, height) for left, middle in free]
        best = crossing.index(False) if False in crossing else 0
        left, middle = free[best]
        self.taken.append((left, middle - height / 2, left + width, middle + height / 2))
        return left, middle, crossing[best]

    def _is_free(self, left: float, top: float, width: float, height: float) -> bool:
        right, bottom = left + width, top + height
        inside = self.room[0] <= left and self.room[1] <= top and right <= self.room[2] and bottom <= self.room[3]
        return inside and not any(
            left - _AIR < other[2] and other[0] < right + _AIR and top < other[3] and other[1] < bottom
            for other in self.taken
        )

    def _crosses(self, left: float, top: float, width: float, height: float) -> bool:
        return any(left <= x <= left + width and top <= y <= top + height for x, y in self.lines)
