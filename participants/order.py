"""Orders of trials: items spread evenly over blocks, and no neighbour twice in a row."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import combinations

import numpy as np

from study.errors import InputError

_ATTEMPTS = 200


def spread(
    features: Sequence[tuple[Hashable, Hashable]], n_groups: int, rng: np.random.Generator
) -> list[int]:
    """Spread items over groups so that all groups are alike in two features.

    Each group gets the same number of items, of items with each first feature, and of items
    with each second feature, to within one. Items are edges between their two features, so
    this is an equitable edge colouring of a bipartite graph, which always exists. It is found
    by mending a random one: of two groups that differ by more than one in anything, the items
    are dealt anew in turns along trails that pass through each feature.

    Parameters
    ----------
    features : sequence of tuple
        The two features of each item, such as actor and expression.
    n_groups : int
        Number of groups, 1 or more.
    rng : numpy.random.Generator
        Where the chance comes from.

    Returns
    -------
    list of int
        The group of each item, 0 to n_groups - 1.

    References
    ----------
    de Werra (1971), Balanced schedules, INFOR 9(3):230-237.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> groups = spread([(actor, face) for actor in "AB" for face in "xy"], 2, rng)
    >>> groups[0] == groups[3] != groups[1] == groups[2]
    True
    """
    nodes = [((0, first), (1, second)) for first, second in features]
    groups = [int(group) for group in rng.permutation(len(nodes)) % n_groups]
    uneven = True
    while uneven:  # ends: each pass lowers the sum of the squared counts
        uneven = False
        for pair in combinations(range(n_groups), 2):
            items = [item for item, group in enumerate(groups) if group in pair]
            if _differs(items, nodes, groups, pair[0]):
                _deal_again(items, nodes, groups, pair, rng)
                uneven = True
    return groups


def _differs(items: list[int], nodes: Sequence[tuple], groups: list[int], one: int) -> bool:
    """Tell whether two groups differ by more than one, in size or in a feature."""
    surplus: Counter = Counter()
    for item in items:
        sign = 1 if groups[item] == one else -1
        for node in (*nodes[item], "all"):
            surplus[node] += sign
    return any(abs(count) > 1 for count in surplus.values())


def _deal_again(
    items: list[int],
    nodes: Sequence[tuple],
    groups: list[int],
    pair: tuple[int, int],
    rng: np.random.Generator,
) -> None:
    """Deal the items of two groups anew, in turns along trails.

    Partners get different groups, which evens out each feature; the turn goes on from trail to
    trail, which evens out the sizes.
    """
    turn = int(rng.integers(2))
    for trail in _trails(items, nodes, rng):
        for item in trail:
            groups[item] = pair[turn]
            turn = 1 - turn


def _trails(
    items: list[int], nodes: Sequence[tuple], rng: np.random.Generator
) -> Iterator[list[int]]:
    """Take items apart into trails: neighbours in a trail are partners in one feature.

    In each feature the items are paired, and at most one stays without a partner. A closed
    trail has an even length, because its steps take the first and the second feature in turns.
    """
    by_node = defaultdict(list)
    for place in rng.permutation(len(items)):
        for node in nodes[items[place]]:
            by_node[node].append(items[place])
    partner: dict[tuple[int, Hashable], int] = {}
    for node, members in by_node.items():
        for one, other in zip(members[0::2], members[1::2], strict=False):
            partner[one, node], partner[other, node] = other, one
    seen: set[int] = set()
    ends = [item for item in items if any((item, node) not in partner for node in nodes[item])]
    for start in [*ends, *items]:  # open trails from their ends, then the closed ones
        if start not in seen:
            trail = list(_walk(start, nodes, partner, seen))
            yield trail


def _walk(start: int, nodes: Sequence[tuple], partner: dict, seen: set[int]) -> Iterator[int]:
    """Follow partners from an item until the trail ends or closes."""
    first, second = nodes[start]
    # Leave an end of a trail by the feature in which it has a partner.
    node = first if (start, first) in partner and (start, second) not in partner else second
    item: int | None = start
    while item is not None and item not in seen:
        seen.add(item)
        yield item
        item = partner.get((item, node))
        if item is not None:
            node = nodes[item][1] if nodes[item][0] == node else nodes[item][0]


def arrange(
    names: Sequence[Hashable], rng: np.random.Generator, after: Hashable | None = None
) -> list[int] | None:
    """Put items into a random order in which no name follows itself.

    Parameters
    ----------
    names : sequence
        The name of each item, such as the actor shown.
    rng : numpy.random.Generator
        Where the chance comes from.
    after : hashable, optional
        The name that comes before the first item.

    Returns
    -------
    list of int or None
        The order, as indices of the items; None if there is none.

    Examples
    --------
    >>> order = arrange(["A", "A", "A", "B", "C"], np.random.default_rng(1))
    >>> ["AAABC"[item] for item in order][::2]
    ['A', 'A', 'A']
    """
    waiting = defaultdict(list)
    for item in rng.permutation(len(names)):
        waiting[names[item]].append(int(item))
    order: list[int] = []
    previous = after
    while waiting:
        possible = [name for name in waiting if name != previous and _leaves_a_way(waiting, name)]
        if not possible:
            return None
        shares = np.array([len(waiting[name]) for name in possible], dtype=float)
        previous = possible[rng.choice(len(possible), p=shares / shares.sum())]
        order.append(waiting[previous].pop())
        if not waiting[previous]:
            del waiting[previous]
    return order


def _leaves_a_way(waiting: dict[Hashable, list[int]], chosen: Hashable) -> bool:
    """Tell whether the rest can still be arranged after an item of the chosen name.

    Of r items left, a name may have every second place: half of them rounded up, or rounded
    down if it is the chosen one and so cannot come next.
    """
    rest = sum(map(len, waiting.values())) - 1
    if len(waiting[chosen]) - 1 > rest // 2:
        return False
    return all(len(items) <= (rest + 1) // 2 for name, items in waiting.items() if name != chosen)


def constrained_order(
    actors: Sequence[str], expressions: Sequence[str], n_blocks: int, rng: np.random.Generator
) -> list[list[int]]:
    """Order pictures in blocks: expressions balanced over them, no actor twice in a row.

    Parameters
    ----------
    actors, expressions : sequence of str
        Actor and expression of each picture.
    n_blocks : int
        Number of blocks, at most the number of pictures.
    rng : numpy.random.Generator
        Where the chance comes from.

    Returns
    -------
    list of list of int
        The pictures' indices in each block. Blocks have the same number of pictures, of each
        expression and of each actor, to within one; the last actor of a block is not the
        first of the next.

    Raises
    ------
    InputError
        If there is no such order.
    """
    _check_possible(actors, n_blocks)
    features = list(zip(actors, expressions, strict=True))
    for _ in range(_ATTEMPTS):
        groups = spread(features, n_blocks, rng)
        blocks = [[i for i, group in enumerate(groups) if group == b] for b in range(n_blocks)]
        ordered = _arrange_blocks(blocks, actors, rng)
        if ordered is not None:
            return ordered
    actor, count = Counter(actors).most_common(1)[0]
    raise InputError(
        f"A plan must not show an actor twice in a row, but actor {actor} has {count} of "
        f"{len(actors)} pictures and no order over {n_blocks} blocks was found. "
        "Use more actors or fewer blocks ([participants] blocks)."
    )


def _check_possible(actors: Sequence[str], n_blocks: int) -> None:
    """Refuse what no order can fulfil."""
    if not 1 <= n_blocks <= len(actors):
        raise InputError(
            f"A plan needs a picture in each of its {n_blocks} blocks, but there are "
            f"{len(actors)} pictures. Use fewer blocks ([participants] blocks)."
        )
    actor, count = Counter(actors).most_common(1)[0]
    if count > (len(actors) + 1) // 2:
        raise InputError(
            f"A plan must not show an actor twice in a row, but actor {actor} has {count} of "
            f"{len(actors)} pictures. Use more actors ([stimuli] test_actors)."
        )


def _arrange_blocks(
    blocks: list[list[int]], actors: Sequence[str], rng: np.random.Generator
) -> list[list[int]] | None:
    """Arrange block after block, also across their borders."""
    ordered: list[list[int]] = []
    last: str | None = None
    for block in blocks:
        order = arrange([actors[item] for item in block], rng, after=last)
        if order is None:
            return None
        ordered.append([block[place] for place in order])
        last = actors[ordered[-1][-1]]
    return ordered
