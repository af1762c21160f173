"""Small spreadsheets as programs write them, part by part: no writer is needed to read them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

HIDDEN = ' state="hidden"'
A_DAY = ' s="1"'


def pack(parts: dict[str, str | bytes]) -> bytes:
    """A zip of these parts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def xlsx(*sheets: str, hidden: Sequence[int] = ()) -> bytes:
    """A workbook; each sheet is given as the XML of its rows. Style 1 is a date."""
    numbers = range(1, len(sheets) + 1)
    listed = "".join(
        f'<sheet name="s{at}" sheetId="{at}" r:id="r{at}"{HIDDEN if at in hidden else ""}/>' for at in numbers
    )
    related = "".join(
        f'<Relationship Id="r{at}" Type="{_OFFICE}/worksheet" Target="worksheets/s{at}.xml"/>'
        for at in numbers
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">{related}<Relationship Id="s" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet {_MAIN}><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
    }
    parts |= {
        f"xl/worksheets/s{at}.xml": f"<worksheet {_MAIN}><sheetData>{rows}</sheetData></worksheet>"
        for at, rows in zip(numbers, sheets, strict=True)
    }
    return pack(parts)


def row(number: int, *cells: str | int | float, day: int | None = None) -> str:
    """A row of a workbook; the cell at `day` is a date, as the number of days that Excel counts."""
    written = []
    for at, cell in enumerate(cells):
        where = f"{chr(ord('A') + at)}{number}"
        if isinstance(cell, str):
            written.append(f'<c r="{where}" t="inlineStr"><is><t>{cell}</t></is></c>' if cell else "")
        else:
            written.append(f'<c r="{where}"{A_DAY if at == day else ""}><v>{cell}</v></c>')
    return f'<row r="{number}">{"".join(written)}</row>'


def ods(*rows: Sequence[str], encrypted: bool = False) -> bytes:
    """A text table of LibreOffice; a cell that begins with a year is a date."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    lines = "".join(f"<table:table-row>{''.join(map(_ods_cell, cells))}</table:table-row>" for cells in rows)
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0" '
        f'xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet><table:table table:name="classe">'
        f"{lines}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    lock = "<manifest:encryption-data/>" if encrypted else ""
    return pack({
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{office}:manifest:1.0">{lock}</manifest:manifest>',
        "content.xml": content,
    })  # fmt: skip


def _ods_cell(text: str) -> str:
    if text[:4].isdigit() and text[4:5] == "-":
        return f'<table:table-cell office:value-type="date" office:date-value="{text}"><text:p>{text}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
