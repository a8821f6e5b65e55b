"""The bytes of a recording's file, in pieces of whole lines: unpacked, and checked to be text."""

import codecs
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from study.errors import InputError

# Read at once: large enough for pyarrow to be fast, small enough that a file of any size takes
# little memory, and that one damaged line sends only little of it to the slow way.
PIECE_BYTES = 8_000_000
_HEAD_BYTES = 4096
_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# What files are that people take for ASC, by their first bytes.
_OTHER_FORMATS = {
    b"SR_RESEARCH": "an EyeLink EDF file: convert it with edf2asc",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
    b"PK\x03\x04": "a zip archive: unpack it",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
}


def read_pieces(path: Path, problems: list[str]) -> Iterator[bytes]:
    """Read a file as UTF-8, or whatever one-byte code it is in.

    Parameters
    ----------
    path : Path
        The file: plain or compressed by gzip; with or without a byte order mark; UTF-16 too.
        Lines may end with LF, CRLF or CR.
    problems : list of str
        Gets a line of text if a compressed file ends too early.

    Yields
    ------
    bytes
        About `PIECE_BYTES` of whole lines; only the last line of the last piece may lack its end.

    Raises
    ------
    InputError
        If the file cannot be read, is empty or no text.
    """
    try:
        with path.open("rb") as file:
            yield from _whole_lines(_text(path, _unpacked(path, file, problems)))
    except OSError as error:
        raise InputError(
            f"A recording must be a readable file, but {path} is not ({error.strerror}). "
            "Name another file."
        ) from error


def read_head(path: Path) -> bytes:
    """Read a file's first bytes, unpacked, to see what it is.

    Parameters
    ----------
    path : Path
        The file: plain or compressed by gzip.

    Returns
    -------
    bytes
        Some thousands, with LF for CR; none where it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(2 * _HEAD_BYTES)
        if head.startswith(_GZIP):
            head = zlib.decompressobj(wbits=31).decompress(head, 2 * _HEAD_BYTES)
    except (OSError, zlib.error):
        return b""
    return head.replace(b"\r", b"\n")


def not_eyelink(path: Path, head: bytes) -> str:
    """Say why a file is no ASC recording.

    Parameters
    ----------
    path : Path
        The file.
    head : bytes
        Its first bytes.

    Returns
    -------
    str
        The message of an error.
    """
    kind = next((text for begin, text in _OTHER_FORMATS.items() if head.startswith(begin)), "")
    if not head.strip():
        kind = "empty"
    evidence = f"is {kind}" if kind else f"begins with {head[:40]!r}"
    return (
        "A recording must be text that edf2asc made from an EyeLink EDF, with samples, events "
        f"or messages, but {path} {evidence}. Name another file."
    )


def _unpacked(path: Path, file: BinaryIO, problems: list[str]) -> Iterator[bytes]:
    """Give the file's bytes; a gzip file that ends too early gives what it holds."""
    pieces = iter(lambda: file.read(PIECE_BYTES), b"")
    first = next(pieces, b"")
    pieces = chain([first], pieces)
    if not first.startswith(_GZIP):
        yield from pieces
        return
    member = zlib.decompressobj(wbits=31)
    try:
        for packed in pieces:
            while packed:
                yield member.decompress(packed, PIECE_BYTES)
                packed = member.unconsumed_tail
                if member.eof:
                    packed = member.unused_data
                    if not packed.startswith(_GZIP):  # padding
                        break
                    member = zlib.decompressobj(wbits=31)
        if not member.eof:
            yield member.flush()
    except zlib.error as error:
        raise InputError(
            f"A .gz recording must be a whole gzip file, but {path} is damaged ({error}). "
            "Copy it anew."
        ) from error
    if not member.eof:
        problems.append("the compressed file ends too early")


def _text(path: Path, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Turn the bytes into UTF-8 with LF, or refuse them."""
    first = next((piece for piece in pieces if piece), b"")
    code = _utf16(first)
    if code:
        decoder = codecs.getincrementaldecoder(code)(errors="replace")
        first = decoder.decode(first).encode()
        pieces = (decoder.decode(piece).encode() for piece in pieces)
    head = first.removeprefix(_UTF8_MARK)[:_HEAD_BYTES]
    if b"\x00" in head or head.startswith(tuple(_OTHER_FORMATS)) or not first.strip():
        raise InputError(not_eyelink(path, head))
    yield _line_ends(first.removeprefix(_UTF8_MARK), first)
    for piece in pieces:
        yield _line_ends(piece, first)


def _utf16(first: bytes) -> str:
    """Name the form of UTF-16 that a file's first bytes are in, if they are."""
    if first.startswith(_UTF16_MARKS):
        return "utf-16"
    head = first[:_HEAD_BYTES]
    if head and head[1::2].count(0) > 0.9 * (len(head) // 2) and 0 not in head[::2]:
        return "utf-16-le"
    return ""


def _line_ends(piece: bytes, first: bytes) -> bytes:
    """Put LF in the place of CR in a file whose lines all end with CR."""
    return piece if b"\n" in first else piece.replace(b"\r", b"\n")


def _whole_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Cut the bytes after the ends of lines; what comes after the last one joins the last piece."""
    whole, rest = b"", [b""]
    for piece in pieces:
        cut = piece.rfind(b"\n") + 1
        if cut:
            if whole:
                yield whole
            whole = b"".join([*rest, piece[:cut]])
            rest = []
        rest.append(piece[cut:])
    yield b"".join([whole, *rest])
