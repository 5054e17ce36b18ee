"""An executed notebook → the document that is printed: blocks as plain data, with headings that nest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from kpi_analysis.core.errors import RunError
from kpi_analysis.design.blocks.model import Title, is_derived
from kpi_analysis.design.brand import theme_of
from kpi_analysis.design.theme import Theme
from kpi_analysis.press.render.markdown import plain_text, read_markdown
from kpi_analysis.press.render.outputs import PictureText, notebook_text, output_blocks

Block = dict[str, Any]

_NEVER_SHOWN = {"parameters", "injected-parameters", "remove-cell"}
_CODE_HIDDEN = {"remove-input", "hide-input"}
_BANNER = "papermill-error-cell-tag"


@dataclass(frozen=True)
class Heading:
    """An entry of the table of contents."""

    level: int
    title: str
    anchor: str


@dataclass(frozen=True)
class Document:
    """What is printed.

    Parameters
    ----------
    facts : dict
        Company, report, period and the like, from the first title that has them.
    blocks : tuple of dict
        JSON-ready blocks; those with a heading also hold its ``anchor``.
    language : str
        A BCP 47 tag, such as ``en-GB``.
    title : str
        The title of the file.
    toc : tuple of Heading
        The headings in order.
    finished : datetime, optional
        When papermill noted the end of the run.
    """

    facts: dict[str, Any]
    blocks: tuple[Block, ...]
    language: str
    title: str
    toc: tuple[Heading, ...]
    finished: datetime | None = None

    @cached_property
    def theme(self) -> Theme:
        """The colours, typeface, paper and logo of the company, as the facts tell them."""
        return theme_of(self.facts.get("brand") or {})


def read_document(nb: Mapping[str, Any], *, show_code: bool = False) -> Document:
    """Return an executed notebook as a document.

    Blocks of this package are taken as they are. Of an analyst's own cells, Markdown, tables (DataFrames),
    pictures and text are taken. Tags: ``remove-cell``, ``remove-input``, ``hide-input``, ``remove-output``;
    cells of parameters are never shown.

    Parameters
    ----------
    nb : mapping
        A notebook of nbformat 4.
    show_code : bool
        Whether code is shown; it is hidden by default.

    Raises
    ------
    RunError
        If a cell ended with an error and is not tagged ``raises-exception``.

    Examples
    --------
    >>> cell = {"cell_type": "markdown", "source": "# Orders rose", "metadata": {}}
    >>> read_document({"cells": [cell], "metadata": {}}).toc
    (Heading(level=1, title='Orders rose', anchor='orders-rose'),)
    """
    cells = list(nb["cells"])
    _refuse_failed(cells)
    metadata = nb.get("metadata", {})
    front = _front_matter(cells)
    shown = (_cell_blocks(cell, number, show_code) for number, cell in enumerate(cells, 1))
    blocks = [block for of_cell in shown for block in of_cell]
    facts: dict[str, Any] = next((block["facts"] for block in _walk(blocks) if block.get("facts")), {})
    given = str(front.get("title") or metadata.get("title") or "")
    if _first_level(blocks) != 1:
        blocks.insert(0, Title(given or "Report", str(front.get("subtitle") or "")).payload())
    blocks, toc = _outline(blocks)
    title = given or _file_title(facts) or toc[0].title
    language = str(front.get("lang") or metadata.get("lang") or facts.get("locale") or "en").replace("_", "-")
    return Document(facts, tuple(blocks), language, title, toc, _finished(metadata))


def collect_values(document: Document) -> list[dict[str, Any]]:
    """Return every figure that the blocks quote, once each: the rows of ``results.json``.

    KPIs of the catalogue come first, in the order in which they are quoted, then the figures that are derived.

    Raises
    ------
    RunError
        If one figure is quoted with two different values.
    """
    found: dict[str, dict[str, Any]] = {}
    for block in _walk(list(document.blocks)):
        for row in block.get("values", ()):
            known = found.setdefault(row["id"], row)
            if known.get("value") != row.get("value"):
                values = f"{known.get('value')} and {row.get('value')}"
                raise RunError(
                    f"The report quotes {row['id']} with two values: {values}.",
                    remedy="Compute it once, and hand that frame to both blocks.",
                )
    return sorted(found.values(), key=is_derived)


def _walk(blocks: list[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        yield from _walk(block.get("blocks", []))


def _tags(cell: Mapping[str, Any]) -> set[str]:
    return set(cell.get("metadata", {}).get("tags", ()))


def _refuse_failed(cells: list[Mapping[str, Any]]) -> None:
    for number, cell in enumerate(cells, 1):
        if _BANNER in _tags(cell):
            raise RunError("papermill marked this notebook as failed.", remedy="Mend the cell, and run it again.")
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error" and "raises-exception" not in _tags(cell):
                raise RunError(
                    f"Cell {number} of the notebook failed: {output['ename']}: {output['evalue']}",
                    remedy="Mend the cell, or tag it raises-exception if the error is meant to be shown.",
                )


def _front_matter(cells: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The title and language that a Quarto notebook states in its first raw cell."""
    if cells and cells[0]["cell_type"] == "raw":
        found = re.match(r"---\n(.*?)\n---\s*\Z", notebook_text(cells[0]["source"]).strip() + "\n", re.DOTALL)
        return _yaml(found[1]) if found else {}
    return {}


def _cell_options(source: str) -> dict[str, Any]:
    """The ``#| key: value`` lines that open a cell."""
    lines = []
    for line in source.lstrip().splitlines():
        if not line.startswith("#|"):
            break
        lines.append(line[2:].removeprefix(" "))
    return _yaml("\n".join(lines)) if lines else {}


def _yaml(text: str) -> dict[str, Any]:
    import yaml

    try:
        options = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise RunError(f"The options of a cell are not YAML: {text!r}.", remedy="Put its text in quotes.") from problem
    return options if isinstance(options, dict) else {}


def _cell_blocks(cell: Mapping[str, Any], number: int, show_code: bool) -> list[Block]:
    source, tags = notebook_text(cell["source"]), _tags(cell)
    if tags & _NEVER_SHOWN or cell["cell_type"] not in ("markdown", "code"):
        return []
    if cell["cell_type"] == "markdown":
        return _markdown_blocks(source, cell.get("attachments", {}))
    options = _cell_options(source)
    if options.get("include") is False:
        return []
    blocks: list[Block] = []
    if show_code and source.strip() and not tags & _CODE_HIDDEN and options.get("echo") is not False:
        shown = "\n".join(line for line in source.splitlines() if not line.startswith("#|"))
        blocks.append({"kind": "code", "text": shown.strip("\n")})
    if "remove-output" in tags or options.get("output") is False:
        return blocks
    said = cell.get("metadata", {})
    alt = said.get("alt") or options.get("fig-alt") or ""
    words = PictureText(str(alt), str(options.get("fig-cap") or ""), number)
    return blocks + [block for output in cell.get("outputs", ()) for block in output_blocks(output, words)]


def _markdown_blocks(source: str, attachments: dict[str, dict[str, str]]) -> list[Block]:
    """The tokens of a Markdown cell; a picture alone in its paragraph is a block of its own."""
    blocks: list[Block] = []
    for token in read_markdown(source, attachments):
        children = token.get("children", [])
        if token["type"] == "paragraph" and len(children) == 1 and children[0]["type"] == "image":
            blocks.append({"kind": "image", "caption": "", **children[0]["attrs"]})
        elif blocks and blocks[-1]["kind"] == "markdown":
            blocks[-1]["tokens"].append(token)
        else:
            blocks.append({"kind": "markdown", "tokens": [token]})
    return blocks


def _file_title(facts: Mapping[str, Any]) -> str:
    company, report = facts.get("company"), facts.get("report")
    period = facts.get("period_label") or facts.get("period")
    about = ", ".join(str(part) for part in (report, period) if part)
    return ": ".join(str(part) for part in (company, about) if part)


def _finished(metadata: Mapping[str, Any]) -> datetime | None:
    noted = metadata.get("papermill", {}).get("end_time")
    try:
        return datetime.fromisoformat(noted) if noted else None
    except ValueError:
        return None


def _heads(blocks: list[Block]) -> Iterator[tuple[Block, int, str]]:
    """Every heading: what holds it, its level, its words."""
    for block in _walk(blocks):
        if block["kind"] == "markdown":
            for token in block["tokens"]:
                if token["type"] == "heading":
                    yield token, token["attrs"]["level"], plain_text(token["children"])
        elif block.get("title"):
            yield block, 1 if block["kind"] == "title" else 2, block["title"]


def _first_level(blocks: list[Block]) -> int | None:
    return next((level for _, level, _ in _heads(blocks)), None)


def _outline(blocks: list[Block]) -> tuple[list[Block], tuple[Heading, ...]]:
    """Give each heading an anchor, and a level at most one deeper than the one before: PDF/UA wants that."""
    blocks = [_copied(block) for block in blocks]
    toc: list[Heading] = []
    taken: set[str] = set()
    for holder, level, title in _heads(blocks):
        if toc:
            level = min(level, toc[-1].level + 1)
        heading = Heading(level, title, _anchor(title, taken))
        toc.append(heading)
        holder["anchor"] = heading.anchor
        if holder.get("type") == "heading":
            holder["attrs"]["level"] = level
    _resolve(blocks, toc)
    return blocks, tuple(toc)


def _copied(block: Block) -> Block:
    """A copy deep enough to note anchors in: what the notebook holds stays as it was."""
    copy = dict(block)
    if "blocks" in copy:
        copy["blocks"] = [_copied(inner) for inner in copy["blocks"]]
    if "findings" in copy:
        copy["findings"] = [dict(finding) for finding in copy["findings"]]
    return copy


def _anchor(title: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().casefold()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-") or "section"
    anchor, copy = slug, 1
    while anchor in taken:
        copy += 1
        anchor = f"{slug}-{copy}"
    taken.add(anchor)
    return anchor


def _resolve(blocks: list[Block], toc: list[Heading]) -> None:
    """Turn what a finding refers to (a block's id or title) and links inside Markdown into anchors."""
    anchors = {heading.anchor for heading in toc}
    targets = {heading.title: heading for heading in toc}
    by_anchor = {heading.anchor: heading for heading in toc}
    for block in _walk(blocks):
        if block.get("id") and block.get("anchor"):
            targets[block["id"]] = by_anchor[block["anchor"]]
    for block in _walk(blocks):
        for finding in block.get("findings", ()):
            target = targets.get(finding.get("see", ""))
            if target:
                finding["anchor"], finding["see"] = target.anchor, target.title
        if block["kind"] == "markdown":
            _resolve_links(block["tokens"], anchors)


def _resolve_links(tokens: list[dict[str, Any]], anchors: set[str]) -> None:
    for token in tokens:
        url = token.get("attrs", {}).get("url", "")
        if token["type"] == "link" and url.startswith("#"):
            anchor = _anchor(url, set())
            # a link to nowhere stays as words
            token["attrs"] = {"anchor": anchor} if anchor in anchors else {}
        _resolve_links(token.get("children", []), anchors)
