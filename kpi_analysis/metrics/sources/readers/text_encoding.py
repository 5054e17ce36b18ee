"""In which encoding a text file is written, found from all of its bytes and never guessed where two may be meant."""

from __future__ import annotations

import codecs
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from kpi_analysis.core.errors import DataError

PIECE = 1 << 20
SAMPLE_BYTES = 65_536
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
UTF8 = ("utf-8", "utf-8-sig", "ascii")
NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}

LETTERS = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜŒŠŽŸàáâãäåæçèéêëìíîïñòóôõöøùúûüßœšžÿªº")  # of Western languages
SIGNS = frozenset("€£¥§©®™°±²³¹·«»‹›‘’“”‚„–—…•†‡‰¡¿¼½¾µ×÷´¨¸¬¦\xa0\xad")
SMALL_SIGNS = frozenset("’´·\xad\xa0")  # which may stand within a word
WORD = re.compile(r"\S+")
SHOWN_WORDS = 2000


def opened(file: Path) -> IO[bytes]:
    """Open a file, and what is inside where it is compressed."""
    return cast("IO[bytes]", gzip.open(file)) if file.suffix.lower() == ".gz" else file.open("rb")


def encoding_of(file: Path, start: bytes) -> str:
    """Encoding of a text file, as Python calls it.

    Parameters
    ----------
    file : Path
        Looked through as a whole where its first bytes are not UTF-8.
    start : bytes
        Its first bytes.

    Returns
    -------
    str
        By its mark; UTF-8 where nothing in the first bytes is against it.

    Raises
    ------
    DataError
        When its bytes can be read in several ways.
    """
    marked = next((name for mark, name in BYTE_ORDER_MARKS.items() if start.startswith(mark)), None)
    if marked is not None:
        return marked
    wide = _wide(start)
    if wide is not None:
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start, final=False)
    except UnicodeDecodeError:
        return other_encoding(file)
    return "utf-8"


def other_encoding(file: Path) -> str:
    """Encoding of a file that is not UTF-8, found from all of its bytes.

    Parameters
    ----------
    file : Path

    Returns
    -------
    str
        ``cp1252``, where each of its words makes sense in it.

    Raises
    ------
    DataError
        When some word makes none: the remedy names what it may be instead.
    """
    words: dict[bytes, int] = {}
    number = 1
    for piece in _pieces(file):
        if not piece.isascii() and len(words) < SHOWN_WORDS:
            for place, line in enumerate(piece.split(b"\n")):
                for word in () if line.isascii() else line.split():
                    if not word.isascii() and len(words) < SHOWN_WORDS:
                        words.setdefault(word, number + place)
        number += piece.count(b"\n")
    odd = next((word for word in words if not is_western(word)), None)
    if odd is None:
        return "cp1252"
    raise _unclear(file, odd, words[odd], b" ".join(words))


def is_western(word: bytes) -> bool:
    """Whether a word makes sense in cp1252, as Windows writes Western languages.

    Parameters
    ----------
    word : bytes

    Returns
    -------
    bool

    Examples
    --------
    >>> [is_western(word) for word in ("Café".encode("cp1252"), "Müller".encode("cp850"), "Wałęsa".encode("cp1250"))]
    [True, False, False]
    """
    try:
        text = word.decode("cp1252")
    except UnicodeDecodeError:
        return False
    for place, sign in enumerate(text):
        if sign.isascii():
            continue
        before, after = text[place - 1 : place], text[place + 1 : place + 2]
        if sign in LETTERS:
            if sign.isupper() and before.islower():  # MŸller, which is Müller of a Mac
                return False
        elif sign not in SIGNS or (sign not in SMALL_SIGNS and before.isalpha() and after.isalpha()):
            return False
    return re.search(r"[^\x00-\x7f]{4,}", "".join(sign if sign in LETTERS else " " for sign in text)) is None


def not_in_encoding(file: Path, encoding: str) -> DataError:
    """Return the error of a file that is not written in its encoding, with the first row and byte that show it."""
    rows, found, at_end = 1, b"", False
    decoder = codecs.getincrementaldecoder(encoding)()
    with opened(file) as stream:
        while not found and not at_end:
            piece = stream.read(4096)
            at_end = not piece
            try:
                rows += decoder.decode(piece, final=at_end).count("\n")
            except UnicodeDecodeError as error:
                found = error.object[error.start : error.start + 1]
                rows += error.object[: error.start].decode(encoding, errors="ignore").count("\n")
    name = NAMES.get(encoding, encoding)
    if at_end and found:
        words = f"{file.name} ends in the middle of a character ({name}, row {rows}): it was cut off."
        return DataError(words, remedy="Export it anew.", file=file, line=rows)
    byte = f", byte {found.hex().upper()}" if found else ""
    remedy = (
        "Save it as 'CSV UTF-8', or say how it is written: read: {encoding: cp1252}, as Excel saves it by default."
        if name == "UTF-8"
        else "Say how it is written: read: {encoding: …} of the table, with utf-8, cp1252, latin-1 or utf-16."
    )
    return DataError(f"{file.name} is not {name} (row {rows}{byte}).", remedy=remedy, file=file, line=rows)


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark: in texts of most languages every second byte is zero."""
    sample = start[:4096]
    if len(sample) < 4 or b"\x00" not in sample:
        return None
    zeros = [sample[place::2].count(0) / max(1, len(sample[place::2])) for place in (0, 1)]
    if zeros[1] > 0.4 > 0.1 > zeros[0]:
        return "utf-16-le"
    return "utf-16-be" if zeros[0] > 0.4 > 0.1 > zeros[1] else None


def _pieces(file: Path) -> Iterator[bytes]:
    """A file in pieces that end with a line, as far as its lines have ends."""
    with opened(file) as stream:
        while piece := stream.read(PIECE):
            yield piece + stream.readline(PIECE)


def _unclear(file: Path, word: bytes, row: int, words: bytes) -> DataError:
    """Return the error of a file whose encoding must be said, with the ones that it may be."""
    from charset_normalizer import from_bytes

    best = from_bytes(words).best()
    names = [best.encoding, *best.could_be_from_charset] if best is not None else []
    names = list(dict.fromkeys([*names, "cp1252"]))[:3]
    shown = "; ".join(f"read: {{encoding: {name}}} for '{word.decode(name, errors='replace')}'" for name in names)
    return DataError(
        f"{file.name} is not UTF-8, and its words can be read in several ways (row {row}).",
        remedy=f"Say how it is written: {shown}.",
        file=file,
        line=row,
    )
