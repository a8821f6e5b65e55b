"""The marks within a paragraph: citations, statistical symbols, and gaps for the author."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "italic", "citation", "gap"]

# Most symbols are letters of words, too: they count where a number, a sign of comparison or a
# bracket with a number follows, so that "a", "I" and the n of "n/a" do not.
_SYMBOL = (
    r"\b(?:d_z|d_av|r_rb|r_s|BF10|BF01)\b"
    r"|\b(?:SD|SE|df|[pnNtFzrdMVWkR])\b(?=\s?(?:[=<>]|\(\d))"
)
_MARKS = re.compile(
    r"(?P<citation>\[@[\w-]+(?:; ?@[\w-]+)*\])"
    r"|(?P<gap>\[[A-Za-z][^\[\]]*\])"
    rf"|(?P<italic>{_SYMBOL})"
)
_SUBSCRIPTS = re.compile(r"^(?:(BF)(10|01)|(d|r)_(z|av|rb|s))$")


@dataclass(frozen=True)
class Piece:
    """A run of a paragraph that is set alike.

    Parameters
    ----------
    kind : str
        ``text``, ``italic`` (statistical symbols, titles), ``citation`` or ``gap``
        (what the study cannot know and its author fills in).
    text : str
        The run's words, without its marks; of a citation the keys, separated by commas.
    """

    kind: Kind
    text: str

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of a citation."""
        return tuple(self.text.split(",")) if self.kind == "citation" else ()

    @property
    def subscripted(self) -> tuple[str, str]:
        """A symbol's letters and its subscript, which may be empty."""
        found = _SUBSCRIPTS.match(self.text)
        if not found:
            return self.text, ""
        letters, subscript = (group for group in found.groups() if group)
        return letters, subscript


def pieces(paragraph: str) -> list[Piece]:
    """Take a paragraph apart at its marks.

    Parameters
    ----------
    paragraph : str
        Plain text. ``[@bach2015; @montavon2019]`` cites, ``[lighting of the room]`` is a gap, and
        statistical symbols are found where they stand before a number.

    Returns
    -------
    list of Piece
        In order; nothing is lost but the marks.

    Examples
    --------
    >>> for piece in pieces("t(27) = 2.10, 95% CI [0.1, 0.3] [@bach2015], [room]."):
    ...     print(piece.kind, repr(piece.text))
    italic 't'
    text '(27) = 2.10, 95% CI [0.1, 0.3] '
    citation 'bach2015'
    text ', '
    gap 'room'
    text '.'
    """
    paragraph, found, end = true_minus(paragraph), [], 0
    for mark in _MARKS.finditer(paragraph):
        found.append(Piece("text", paragraph[end : mark.start()]))
        found.append(_piece(mark))
        end = mark.end()
    found.append(Piece("text", paragraph[end:]))
    return [piece for piece in found if piece.text]


def _piece(mark: re.Match[str]) -> Piece:
    """Name a mark."""
    if mark["citation"]:
        return Piece("citation", ",".join(re.findall(r"@([\w-]+)", mark[0])))
    return Piece("gap", mark[0][1:-1]) if mark["gap"] else Piece("italic", mark[0])


def true_minus(text: str) -> str:
    """Set the hyphen before a negative number as a minus sign.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Hyphens within words and ranges stay.

    Examples
    --------
    >>> true_minus("sub-001: r = -.15 [-0.3, 1]") == "sub-001: r = \u2212.15 [\u22120.3, 1]"
    True
    """
    return re.sub(r"(?<![\w.)\]])-(?=\.?\d)", "\u2212", text)


def cited_keys(paragraphs: Iterable[str]) -> list[str]:
    """List what paragraphs cite.

    Parameters
    ----------
    paragraphs : iterable of str
        Paragraphs with their marks.

    Returns
    -------
    list of str
        Keys without repetition, in the order of their first citation.

    Examples
    --------
    >>> cited_keys(["A [@b; @a].", "B [@b]."])
    ['b', 'a']
    """
    keys = (key for text in paragraphs for piece in pieces(text) for key in piece.keys)
    return list(dict.fromkeys(keys))
