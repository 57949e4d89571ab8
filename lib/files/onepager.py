"""A record on one sheet of paper as a Word document, and its address as a QR code."""

import io
from typing import Any, Final

import segno
from docx import Document
from docx.document import Document as Paper
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from lib.domain.dates import now_utc
from lib.domain.sheet import Section, Sheet, wide
from lib.files import wordchart

_FONT: Final = "Microsoft YaHei"
_INK: Final = RGBColor(0x17, 0x21, 0x2B)
_SKY: Final = RGBColor(0x15, 0x50, 0x7F)
_STONE: Final = RGBColor(0x5B, 0x6B, 0x7A)
_QR: Final = Mm(20)
_SIDES: Final = ("top", "left", "bottom", "right", "insideH", "insideV")
_SIZE: Final = 9.5
_SMALL: Final = 8.5
_SPACING: Final = 1.4
"""Sizes of letters in points, and the height of a line beside them; `lib.domain.sheet.fits` reckons with them."""
_PAPER: Final = 182.0
"""Millimetres between the margins."""
_WIDEST: Final = 16.0
"""Chinese characters after which a column is broken into lines."""


def docx_bytes(sheet: Sheet) -> bytes:
    """The sheet as a Word document: A4, headings and tables as Word knows them, nobody's name in its properties."""
    paper = Document()
    _set_up(paper, sheet)
    if sheet.numbered:
        _number(paper)
    _plain(paper, " · ".join(sheet.tags), _SMALL, _STONE)
    paper.add_heading(sheet.title, 1)
    if sheet.value:
        _plain(paper, sheet.value, 10.5, _INK)
    if sheet.facts:
        _facts(paper, sheet.facts)
    for section in sheet.sections:
        paper.add_heading(section.title, 2)
        if section.bars:
            wordchart.add_bars(paper, section.title, section.unit, section.bars)
        if section.rows:
            _table(paper, section)
        if section.text:
            _plain(paper, section.text, _SIZE, _INK)
    if sheet.missing:
        _plain(paper, sheet.missing, _SMALL, _STONE)
    _plain(paper, sheet.source, _SMALL, _STONE)
    _plain(paper, f"{sheet.printed}　{sheet.address}", _SMALL, _STONE)
    if sheet.coded:
        place = paper.add_paragraph()
        place.paragraph_format.line_spacing = 1.0  # a line of a stated height would cut the picture
        place.add_run().add_picture(io.BytesIO(qr_png(sheet.address)), width=_QR)
    buffer = io.BytesIO()
    paper.save(buffer)
    return buffer.getvalue()


def qr_svg(address: str) -> str:
    """A QR code of an address as an SVG element that prints sharp."""
    code: str = segno.make(address, error="m", micro=False).svg_inline(scale=2, border=0, dark="#17212B", omitsize=True)
    return code


def qr_png(address: str) -> bytes:
    """A QR code of an address as a picture for a document."""
    buffer = io.BytesIO()
    segno.make(address, error="m", micro=False).save(buffer, kind="png", scale=8, border=0)
    return buffer.getvalue()


# ------------------------------------------------------------------ inside
def _set_up(paper: Paper, sheet: Sheet) -> None:
    page = paper.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(14)
    page.top_margin = page.bottom_margin = Mm(10)
    page.header_distance = page.footer_distance = Mm(5)
    about = paper.core_properties
    about.title, about.language = sheet.title, "zh-CN"
    about.created = about.modified = now_utc()
    about.author = about.last_modified_by = about.comments = about.keywords = about.subject = ""
    _style(paper.styles["Normal"], _SIZE, _INK, 0, 1)
    _style(paper.styles["Heading 1"], 16.5, _SKY, 0, 3)
    _style(paper.styles["Heading 2"], 10.5, _SKY, 5, 1)
    for line in paper.styles["Table Grid"].element.iter(*(qn(f"w:{side}") for side in _SIDES)):
        line.set(qn("w:color"), "B9C4CE")


def _number(paper: Paper) -> None:
    """The number of the page at its foot, as a field that Word counts."""
    page = paper.sections[0]
    page.bottom_margin, page.footer_distance = Mm(16), Mm(7)
    foot = page.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(foot, "第 ", _SMALL, _STONE)
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    number = OxmlElement("w:r")
    number.append(OxmlElement("w:t"))
    number[0].text = "1"
    field.append(number)
    foot._p.append(field)
    _run(foot, " 页", _SMALL, _STONE)


def _style(style: Any, size: float, colour: RGBColor, before: float, after: float) -> None:
    style.font.name, style.font.size, style.font.color.rgb = _FONT, Pt(size), colour
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{kind}"), None)
    for kind in ("ascii", "hAnsi", "eastAsia"):
        fonts.set(qn(f"w:{kind}"), _FONT)
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    # A stated height is the same for every font that takes the place of ours.
    style.paragraph_format.line_spacing = Pt(round(size * _SPACING, 1))


def _plain(paper: Paper, text: str, size: float, colour: RGBColor) -> None:
    _run(paper.add_paragraph(), text, size, colour)


def _run(paragraph: Paragraph, text: str, size: float, colour: RGBColor, *, bold: bool = False) -> None:
    run = paragraph.add_run(text)
    run.font.size, run.font.color.rgb, run.font.bold = Pt(size), colour, bold


def _cell(cell: Any, text: str, colour: RGBColor, *, bold: bool = False) -> None:
    """Text in a cell, its spacing stated: what a table's style says would go before the paragraph's."""
    paragraph = cell.paragraphs[0]
    shape = paragraph.paragraph_format
    shape.space_before = shape.space_after = Pt(1.5)
    shape.line_spacing = Pt(round(_SIZE * _SPACING, 1))
    _run(paragraph, text, _SIZE, colour, bold=bold)


def _facts(paper: Paper, facts: tuple[tuple[str, str], ...]) -> None:
    """Two facts a row: name, value, name, value."""
    table = paper.add_table(rows=0, cols=4)
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    widths = (22, 69, 22, 69)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for first, second in zip(facts[::2], [*facts[1::2], ("", "")], strict=False):
        cells = table.add_row().cells
        for cell, text, width in zip(cells, (*first, *second), widths, strict=True):
            cell.width = Mm(width)
            _cell(cell, text, _STONE if width < 30 else _INK)


def _table(paper: Paper, section: Section) -> None:
    table = paper.add_table(rows=1, cols=len(section.header))
    table.style, table.alignment = "Table Grid", WD_TABLE_ALIGNMENT.CENTER
    repeated = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(repeated)
    for cell, name in zip(table.rows[0].cells, section.header, strict=True):
        _cell(cell, name, _STONE, bold=True)
    for row in section.rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            _cell(cell, text, _INK)
    if section.wide:
        table.autofit = False
        for column, width in zip(table.columns, _widths(section), strict=True):
            column.width = width  # LibreOffice reads the column's, Word the cells'
            for cell in column.cells:
                cell.width = width


def _widths(section: Section) -> list[Mm]:
    """Columns as wide as what stands in them asks for, none so wide that the others have no room."""
    lines = (section.header, *section.rows)
    asked = [min(max(wide(line[place]) for line in lines), _WIDEST) + 1 for place in range(len(section.header))]
    return [Mm(_PAPER * one / sum(asked)) for one in asked]
