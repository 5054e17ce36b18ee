"""Files attached to a PDF that another program printed, so that it can be verified like one of ours."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime

import pikepdf

from kpi_analysis.core.errors import RunError
from kpi_analysis.press.render.files import attachment_description, attachment_relation, media_type

_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)


def attach_files(pdf: bytes, files: Mapping[str, bytes], moment: datetime | None) -> bytes:
    """Return a PDF that carries files, dated as the report is and not by the clock of the program that printed it.

    Parameters
    ----------
    pdf : bytes
    files : mapping of name to bytes
    moment : datetime, optional
        The date of the file; 1 January 1980 where nobody noted one.

    Raises
    ------
    RunError
        What the program printed cannot be read.

    Examples
    --------
    >>> empty, out = pikepdf.new(), io.BytesIO()
    >>> empty.save(out)
    >>> made = attach_files(out.getvalue(), {"results.json": b"{}"}, None)
    >>> with pikepdf.open(io.BytesIO(made)) as read:
    ...     read.attachments["results.json"].get_file().read_bytes()
    b'{}'
    """
    dated = (moment or _EPOCH).astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ")
    try:
        document = pikepdf.open(io.BytesIO(pdf))
    except pikepdf.PdfError as error:
        raise RunError(f"The PDF that was printed cannot be read: {error}", remedy="Try: kpi doctor") from None
    with document:
        for name, content in files.items():
            spec = pikepdf.AttachedFileSpec(
                document,
                content,
                filename=name,
                description=attachment_description(name),
                mime_type=media_type(name),
                creation_date=dated,
                mod_date=dated,
            )
            spec.relationship = pikepdf.Name(f"/{attachment_relation(name).title()}")
            document.attachments[name] = spec
        for name in ("/CreationDate", "/ModDate"):
            document.docinfo[name] = dated
        made = io.BytesIO()
        document.save(made, deterministic_id=True)
        return made.getvalue()
