"""The Word file whose styles, page and running heads pandoc takes over: made of the report's own look."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from kpi_analysis.design.theme import DEFAULT_THEME, LIGHT, LINES, PAGE, SPACE, TYPE, Page, Theme
from kpi_analysis.press.render.office import OFFICE_TYPEFACE

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NOTE_STYLE = "FootnoteText"


def reference_document(facts: Mapping[str, Any], language: str, theme: Theme = DEFAULT_THEME) -> bytes:
    """Return a Word file without words: its styles, its page, and a report's running head and foot.

    Parameters
    ----------
    facts : mapping
        Company, report, period and provenance.
    language : str
        A BCP 47 tag, for the spelling checker.
    theme : Theme
        Whose accent and paper. Word sets the typeface of the house, or what it has in its place.

    Examples
    --------
    >>> reference_document({"company": "Northwind"}, "en-GB")[:2]
    b'PK'
    """
    made = BytesIO()
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations([("rId1", "officeDocument", "word/document.xml")]),
        "word/document.xml": _page(theme.page),
        "word/_rels/document.xml.rels": _relations(
            [("rId1", "styles", "styles.xml"), ("rId9", "header", "header1.xml"), ("rId10", "footer", "footer1.xml")]
        ),
        "word/styles.xml": _styles(language, theme.light.accent),
        "word/header1.xml": _running("hdr", "Header", *_head_words(facts)),
        "word/footer1.xml": _running("ftr", "Footer", str(facts.get("provenance") or ""), _page_number()),
    }
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(zipfile.ZipInfo(name), text)
    return made.getvalue()


def _content_types() -> str:
    parts = (("document", "document.main"), ("styles", "styles"), ("header1", "header"), ("footer1", "footer"))
    told = "".join(f'<Override PartName="/word/{name}.xml" ContentType="{_TYPES}.{kind}+xml"/>' for name, kind in parts)
    return (
        f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{told}</Types>'
    )


def _relations(links: list[tuple[str, str, str]]) -> str:
    told = "".join(f'<Relationship Id="{id_}" Type="{_LINKS}/{kind}" Target="{to}"/>' for id_, kind, to in links)
    return f'{_HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{told}</Relationships>'


def _twips(millimetres: float) -> int:
    return round(millimetres * 1440 / 25.4)


def _page(page: Page) -> str:
    return (
        f"{_HEAD}<w:document {_W} {_R}><w:body><w:p/><w:sectPr>"
        '<w:headerReference w:type="default" r:id="rId9"/><w:footerReference w:type="default" r:id="rId10"/>'
        f'<w:pgSz w:w="{_twips(page.width)}" w:h="{_twips(page.height)}"/>'
        f'<w:pgMar w:top="{_twips(page.top)}" w:right="{_twips(page.right)}" w:bottom="{_twips(page.bottom)}" '
        f'w:left="{_twips(page.left)}" w:header="{_twips(page.bar_y)}" w:footer="{_twips(page.bar_y)}" w:gutter="0"/>'
        "</w:sectPr></w:body></w:document>"
    )


def _head_words(facts: Mapping[str, Any]) -> tuple[str, str]:
    left = "  ".join(str(facts[key]) for key in ("company", "report") if facts.get(key))
    period = str(facts.get("period_label") or facts.get("period") or "")
    data_to = f"data to {facts['data_to']}" if facts.get("data_to") else ""
    return left, _text("  ·  ".join(part for part in (period, data_to) if part))


def _running(tag: str, style: str, left: str, right: str) -> str:
    """One line, with a tab that pushes its second half to the margin; that half is XML already."""
    stop = f'<w:tabs><w:tab w:val="right" w:pos="{_twips(PAGE.full)}"/></w:tabs>'
    words = f"{_text(left)}<w:r><w:tab/></w:r>{right}"
    return f'{_HEAD}<w:{tag} {_W}><w:p><w:pPr><w:pStyle w:val="{style}"/>{stop}</w:pPr>{words}</w:p></w:{tag}>'


def _text(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def _page_number() -> str:
    def field(code: str) -> str:
        return f'<w:fldSimple w:instr="{code}"><w:r><w:t>1</w:t></w:r></w:fldSimple>'

    return field("PAGE") + _text(" / ") + field("NUMPAGES")


def _styles(language: str, accent: str) -> str:
    defaults = (
        "<w:docDefaults><w:rPrDefault><w:rPr>"
        f"{_font()}{_size(TYPE.body)}<w:lang w:val={quoteattr(language)}/></w:rPr></w:rPrDefault>"
        '<w:pPrDefault><w:pPr><w:spacing w:after="0" w:line="259" w:lineRule="auto"/></w:pPr></w:pPrDefault>'
        "</w:docDefaults>"
    )
    ink, muted = LIGHT.ink, LIGHT.muted
    block = SPACE.before_heading
    styles = [
        _paragraph("Normal", "Normal", colour=ink, default=True),
        _paragraph("BodyText", "Body Text", before=1, after=1.6),
        _paragraph("FirstParagraph", "First Paragraph", base="BodyText"),
        _paragraph("Compact", "Compact", before=0.4, after=0.4),
        _paragraph("Heading1", "heading 1", TYPE.title, bold=True, before=8, after=SPACE.after_title, level=0),
        _paragraph("Heading2", "heading 2", TYPE.heading + 1, bold=True, before=block, after=1.6, level=1),
        _paragraph("Heading3", "heading 3", TYPE.deck, bold=True, before=4, after=1.4, level=2),
        _paragraph("Heading4", "heading 4", TYPE.body, bold=True, before=3, after=1, level=3),
        _paragraph("Heading5", "heading 5", TYPE.body, bold=True, before=3, after=1, level=4),
        _paragraph("Heading6", "heading 6", TYPE.body, bold=True, before=3, after=1, level=5),
        _paragraph("Deck", "Deck", TYPE.deck, colour=muted, after=2.5),
        _paragraph("Measure", "Measure", TYPE.measure, colour=muted, after=SPACE.after_measure, keep=True),
        _paragraph("Note", "Note", TYPE.measure, colour=muted, before=1.6, after=2),
        _paragraph("Finding", "Finding", TYPE.figure - 3, bold=True, before=2.4, keep=True),
        _paragraph("Error", "Error", colour=LIGHT.bad, before=2, after=2),
        _paragraph("TableText", "Table Text", TYPE.table, before=0.7, after=0.7),
        _paragraph("TableHead", "Table Head", TYPE.table_head, bold=True, colour=muted, after=0.7),
        _paragraph("TableGroup", "Table Group", TYPE.table_head, colour=accent, before=1.6, keep=True),
        _paragraph("BlockText", "Block Text", colour=muted, before=1, after=1, indent=6),
        _paragraph("SourceCode", "Source Code", TYPE.measure, before=1, after=1.6, mono=True),
        _paragraph(_NOTE_STYLE, "footnote text", TYPE.measure, colour=muted),
        _paragraph("Header", "header", TYPE.running, colour=muted),
        _paragraph("Footer", "footer", TYPE.running, colour=muted),
        _character("DefaultParagraphFont", "Default Paragraph Font", default=True),
        *(_character(name, name, colour=getattr(LIGHT, name.lower())) for name in ("Good", "Bad", "Warn", "Muted")),
        _character("VerbatimChar", "Verbatim Char", mono=True),
        _character("Hyperlink", "Hyperlink", colour=accent),
        _character("FootnoteReference", "footnote reference", raised=True),
        _table_style(),
    ]
    return f"{_HEAD}<w:styles {_W}>{defaults}{''.join(styles)}</w:styles>"


def _font(face: str = OFFICE_TYPEFACE) -> str:
    return f'<w:rFonts w:ascii="{face}" w:hAnsi="{face}" w:cs="{face}"/>'


def _size(points: float) -> str:
    half = round(points * 2)
    return f'<w:sz w:val="{half}"/><w:szCs w:val="{half}"/>'


def _colour(hex_: str) -> str:
    return f'<w:color w:val="{hex_.removeprefix("#")}"/>' if hex_ else ""


def _paragraph(
    id_: str, name: str, size: float = 0, *, base: str = "Normal", bold: bool = False, colour: str = "",
    before: float = 0, after: float = 0, indent: float = 0, level: int | None = None, keep: bool = False,
    mono: bool = False, default: bool = False,
) -> str:  # fmt: skip
    """A paragraph style; distances in millimetres."""
    spaced = f'<w:spacing w:before="{_twips(before)}" w:after="{_twips(after)}"/>' if before or after else ""
    outline = "" if level is None else f'<w:outlineLvl w:val="{level}"/>'
    kept = "<w:keepNext/><w:keepLines/>" if keep or level is not None else ""
    shifted = f'<w:ind w:left="{_twips(indent)}"/>' if indent else ""
    face = _font("Consolas") if mono else ""
    theme = face + ("<w:b/>" if bold else "") + _colour(colour) + (_size(size) if size else "")
    body = "" if default else f'<w:basedOn w:val="{base}"/>'
    body += f"<w:qFormat/><w:pPr>{kept}{spaced}{shifted}{outline}</w:pPr><w:rPr>{theme}</w:rPr>"
    return _style("paragraph", id_, name, body, default)


def _character(
    id_: str, name: str, *, colour: str = "", mono: bool = False, raised: bool = False, default: bool = False
) -> str:
    theme = (_font("Consolas") if mono else "") + _colour(colour)
    theme += '<w:vertAlign w:val="superscript"/>' if raised else ""
    return _style("character", id_, name, f"<w:rPr>{theme}</w:rPr>", default)


def _style(kind: str, id_: str, name: str, body: str, default: bool) -> str:
    told = ' w:default="1"' if default else ""
    return f'<w:style w:type="{kind}"{told} w:styleId="{id_}"><w:name w:val="{name}"/>{body}</w:style>'


def _table_style() -> str:
    """Hairlines between rows, a firm line under the head, no verticals."""

    def line(tag: str, points: float, colour: str) -> str:
        return f'<w:{tag} w:val="single" w:sz="{round(points * 8)}" w:space="0" w:color="{colour.removeprefix("#")}"/>'

    hair = line("bottom", LINES.hair, LIGHT.grid) + line("insideH", LINES.hair, LIGHT.grid)
    inset = _twips(SPACE.cell_x)
    margins = f'<w:left w:w="{inset}" w:type="dxa"/><w:right w:w="{inset}" w:type="dxa"/>'
    body = (
        f"<w:tblPr><w:tblBorders>{hair}</w:tblBorders><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>"
        '<w:tblStylePr w:type="firstRow"><w:tblPr/><w:tcPr><w:tcBorders>'
        f'{line("bottom", LINES.firm, LIGHT.ink)}</w:tcBorders><w:vAlign w:val="bottom"/></w:tcPr></w:tblStylePr>'
    )
    return _style("table", "Table", "Table", body, default=True)
