"""The literature that a report cites: in the text, in the list of references, and as BibTeX."""

from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from faceoff.report.marks import Piece
from study.errors import InputError, did_you_mean


@cache
def _library() -> dict[str, Any]:
    """Read faceoff's own BibTeX file."""
    from pybtex.database import parse_string

    text = resources.files("faceoff.report").joinpath("references.bib").read_text(encoding="utf-8")
    return dict(parse_string(text, "bibtex").entries)


def _entry(key: str) -> Any:
    """Give an entry, or say that there is none."""
    library = _library()
    if key not in library:
        hint = did_you_mean(key, library)
        raise InputError(f"A citation must be in references.bib, but {key!r} is not.{hint}")
    return library[key]


def in_text(keys: Iterable[str]) -> str:
    """Cite in the manner of APA 7, in brackets.

    Parameters
    ----------
    keys : iterable of str
        Entries of references.bib; they are put in the order of the list of references.

    Returns
    -------
    str
        Such as ``(Bach et al., 2015; Holm, 1979)``.

    Raises
    ------
    InputError
        If there is no such entry.

    Examples
    --------
    >>> in_text(["holm1979", "bach2015", "kingma2015"])
    '(Bach et al., 2015; Holm, 1979; Kingma & Ba, 2015)'
    """
    return f"({'; '.join(_short(_entry(key)) for key in in_order(keys))})"


def in_order(keys: Iterable[str]) -> list[str]:
    """Sort entries as the list of references has them: by authors, then by year.

    Parameters
    ----------
    keys : iterable of str
        Entries of references.bib.

    Returns
    -------
    list of str
        The keys without repetition.

    Examples
    --------
    >>> in_order(["montavon2019", "bach2015", "montavon2019"])
    ['bach2015', 'montavon2019']
    """

    def place(key: str) -> tuple[str, str]:
        entry = _entry(key)
        return _authors(entry).casefold(), entry.fields["year"]

    return sorted(set(keys), key=place)


def reference_line(key: str) -> list[Piece]:
    """Write an entry of the list of references in the manner of APA 7.

    Parameters
    ----------
    key : str
        An entry of references.bib.

    Returns
    -------
    list of Piece
        Plain and italic runs.

    Examples
    --------
    >>> "".join(piece.text for piece in reference_line("mcnemar1947"))[:53]
    'McNemar, Q. (1947). Note on the sampling error of the'
    """
    entry = _entry(key)
    fields = {name: _plain(text) for name, text in entry.fields.items()}
    start = Piece("text", f"{_authors(entry)} ({fields['year']}). ")
    end = [Piece("text", f" https://doi.org/{fields['doi']}")] if "doi" in fields else []
    return [start, *_SOURCES[entry.type](fields), *end]


def _article(fields: dict[str, str]) -> list[Piece]:
    """Write title, journal, volume and pages."""
    found = [Piece("text", f"{_ended(fields['title'])} "), Piece("italic", fields["journal"])]
    if "volume" in fields:
        found += [Piece("text", ", "), Piece("italic", fields["volume"])]
    number = f"({fields['number']})" if "number" in fields else ""
    pages = f", {fields['pages']}" if "pages" in fields else ""
    return [*found, Piece("text", f"{number}{pages}.")]


def _part_of_book(fields: dict[str, str]) -> list[Piece]:
    """Write title, book and pages."""
    pages = f" (pp. {fields['pages']})" if "pages" in fields else ""
    publisher = f" {fields['publisher']}." if "publisher" in fields else ""
    return [
        Piece("text", f"{_ended(fields['title'])} In "),
        Piece("italic", fields["booktitle"]),
        Piece("text", f"{pages}.{publisher}"),
    ]


def _elsewhere(fields: dict[str, str]) -> list[Piece]:
    """Write title, and where it is to be had."""
    return [Piece("italic", fields["title"]), Piece("text", f". {fields['howpublished']}.")]


def _thesis(fields: dict[str, str]) -> list[Piece]:
    """Write title and university."""
    return [
        Piece("italic", fields["title"]),
        Piece("text", f" (Master's thesis, {fields['school']})."),
    ]


_SOURCES = {
    "article": _article, "inproceedings": _part_of_book, "incollection": _part_of_book,
    "misc": _elsewhere, "mastersthesis": _thesis,
}  # fmt: skip


def bibtex(keys: Iterable[str]) -> str:
    """Write entries as BibTeX.

    Parameters
    ----------
    keys : iterable of str
        Entries of references.bib.

    Returns
    -------
    str
        The entries in the order of the list of references.
    """
    from pybtex.database import BibliographyData

    entries = {key: _entry(key) for key in in_order(keys)}
    text: str = BibliographyData(entries=entries).to_string("bibtex")
    return text


def _short(entry: Any) -> str:
    """Name an entry's authors and year as they stand within a sentence."""
    names = [
        _plain(" ".join(person.prelast_names + person.last_names)) for person in _people(entry)
    ]
    if len(names) > 2 or "others" in names:
        return f"{names[0]} et al., {entry.fields['year']}"
    return f"{' & '.join(names)}, {entry.fields['year']}"


def _authors(entry: Any) -> str:
    """Name all authors, last names first."""
    names = []
    for person in _people(entry):
        last = _plain(" ".join(person.prelast_names + person.last_names))
        initials = " ".join(
            "-".join(f"{part[0]}." for part in name.split("-"))
            for name in person.first_names + person.middle_names
        )
        names.append("et al." if last == "others" else f"{last}, {initials}")
    if len(names) == 1:
        return names[0]
    joint = ", " if names[-1] == "et al." else ", & "
    return f"{', '.join(names[:-1])}{joint}{names[-1]}"


def _people(entry: Any) -> list[Any]:
    """List an entry's authors."""
    people: list[Any] = entry.persons["author"]
    return people


def _plain(text: str) -> str:
    """Take BibTeX's braces, dashes and quotation marks out."""
    for mark, plain in {
        "``": "\u201c",
        "''": "\u201d",
        "--": "\u2013",
        "{": "",
        "}": "",
    }.items():
        text = text.replace(mark, plain)
    return text


def _ended(title: str) -> str:
    """End a title with a full stop, unless it ends itself."""
    return title if title[-1] in "?!" else f"{title}."
