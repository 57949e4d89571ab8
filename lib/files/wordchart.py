"""Bar charts in a Word document as Word draws them itself: editable, sharp, and in whatever font is there."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from docx.document import Document as Paper
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.oxml import serialize_part_xml
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Mm
from pptx.chart.data import CategoryChartData
from pptx.chart.xmlwriter import ChartXmlWriter
from pptx.enum.chart import XL_CHART_TYPE

_TYPE: Final = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_CHART: Final = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_DRAWING: Final = "http://schemas.openxmlformats.org/drawingml/2006/main"
_SKY: Final = "1F6FB5"
_WIDTH: Final = Mm(170)
_BAR: Final = Mm(7)
_ROOM: Final = Mm(12)


def add_bars(paper: Paper, title: str, unit: str, bars: Sequence[tuple[str, Decimal]]) -> None:
    """Add a paragraph with horizontal bars, the first on top, each with its value at its end."""
    number = 1 + sum(part.partname.startswith("/word/charts/") for part in paper.part.package.iter_parts())
    part = Part(PackURI(f"/word/charts/chart{number}.xml"), _TYPE, _xml(title, unit, bars), paper.part.package)
    relation = paper.part.relate_to(part, RELATIONSHIP_TYPE.CHART)
    words = f"{title}（{unit}）：" + "，".join(f"{label} {value:,}" for label, value in bars)
    inline: Any = parse_xml(
        f"<w:drawing {nsdecls('w', 'wp', 'a', 'r')}>"
        f'<wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{_WIDTH}" '
        f'cy="{_ROOM + _BAR * len(bars)}"/><wp:docPr id="{1000 + number}" name="chart {number}"/>'
        f'<a:graphic><a:graphicData uri="{_CHART}"><c:chart xmlns:c="{_CHART}" r:id="{relation}"/>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing>"
    )
    inline.find(".//{*}docPr").set("descr", words)
    place = paper.add_paragraph()
    place.paragraph_format.line_spacing = 1.0  # a line of a stated height would cut the chart
    place.add_run()._r.append(inline)


def _xml(title: str, unit: str, bars: Sequence[tuple[str, Decimal]]) -> bytes:
    data = CategoryChartData(number_format="#,##0.##")
    data.categories = [label for label, _ in bars]
    data.add_series(f"{title}（{unit}）", [float(value) for _, value in bars])
    root: Any = parse_xml(ChartXmlWriter(XL_CHART_TYPE.BAR_CLUSTERED, data).xml.encode())

    def within(path: str) -> Any:
        return root.find(path, {"c": _CHART, "a": _DRAWING})

    def made(xml: str) -> Any:
        return parse_xml(f'<c:x xmlns:c="{_CHART}" xmlns:a="{_DRAWING}">{xml}</c:x>')[0]

    # The order of elements is that of the schema: Word refuses a chart with another.
    within(".//c:autoTitleDeleted").set("val", "1")
    within(".//c:catAx/c:scaling/c:orientation").set("val", "maxMin")
    within(".//c:valAx/c:delete").set("val", "1")
    axis = within(".//c:valAx")
    axis.remove(within(".//c:valAx/c:majorGridlines"))
    series = within(".//c:ser")
    fill = f'<c:spPr><a:solidFill><a:srgbClr val="{_SKY}"/></a:solidFill></c:spPr>'
    named = ("LegendKey", "Val", "CatName", "SerName", "Percent", "BubbleSize")
    flags = "".join(f'<c:show{name} val="{int(name == "Val")}"/>' for name in named)
    shown = f'<c:dLbls><c:dLblPos val="outEnd"/>{flags}</c:dLbls>'
    for place, xml in enumerate((fill, '<c:invertIfNegative val="0"/>', shown)):
        series.insert(3 + place, made(xml))
    within(".//c:barChart").insert(3, made('<c:gapWidth val="45"/>'))
    within("./c:txPr//a:defRPr").set("sz", "900")
    return serialize_part_xml(root)
