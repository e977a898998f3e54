from __future__ import annotations

import pytest

from pixelsim.base.errors import InputError
from pixelsim.exchange import read_export

KOREAN = "캠페인 이름,일별,비용,노출수\n가을 캠페인,2024-01-05,10,1000\n"
JAPANESE = "キャンペーン名,日,コスト,インプレッション\n秋の販売,2024-01-05,10,1000\n"
CHINESE = "推广系列名称,按天,消耗,展示量\n秋季促销,2024-01-05,10,1000\n"
FRENCH = "Nom de la campagne;Date;Coût;Impressions\nÉté à Orléans;2024-01-05;10,5;1000\n"
GERMAN = "Kampagnenname;Datum;Ausgaben;Impressionen\nHerbst für Große;05.01.2024;10,50;1.000\n"
SPANISH = "Nombre de la campaña;Por día;Coste;Impresiones\nOtoño en Perú;2024-01-05;10,5;1000\n"
PORTUGUESE = "Nome da campanha;Data;Custo;Impressões\nVerão e ação;2024-01-05;10,5;1000\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [KOREAN, JAPANESE, CHINESE, FRENCH, GERMAN, SPANISH, PORTUGUESE])
def test_unicode_with_and_without_mark(write, text, encoding):
    report = read_export(write(text, encoding))
    assert report.frame["campaign_name"].tolist() == [text.splitlines()[1].replace(";", ",").split(",")[0]]
    assert report.frame["impressions"].tolist() == [1000.0]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (KOREAN, "cp949"),
        (JAPANESE, "cp932"),
        (CHINESE, "gb18030"),
        (FRENCH, "cp1252"),
        (SPANISH, "cp1252"),
        (PORTUGUESE, "cp1252"),
    ],
)
def test_encoding_of_an_old_spreadsheet_is_found_by_the_header(write, text, encoding):
    report = read_export(write(text, encoding))
    assert report.encoding == encoding
    assert report.frame["campaign_name"].tolist() == [text.splitlines()[1].replace(";", ",").split(",")[0]]
    assert any("no UTF-8" in note for note in report.notes)


def test_two_encodings_that_read_differently_are_refused_and_named(write):
    path = write("Campaign name,Cost\n가나,10\n", "cp949")
    with pytest.raises(InputError) as refused:
        read_export(path)
    message = str(refused.value)
    assert "cp949" in message
    assert "gb18030" in message
    assert "encoding=" in message
    assert read_export(path, encoding="cp949").frame["campaign_name"].tolist() == ["가나"]


def test_encoding_asked_for_must_exist_and_fit(write):
    path = write(KOREAN, "cp949")
    with pytest.raises(InputError, match="the name of an encoding"):
        read_export(path, encoding="klingon")
    with pytest.raises(InputError, match="decodes the whole file"):
        read_export(path, encoding="utf-8")


def test_mark_that_lies_is_refused(write, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_bytes(b"\xef\xbb\xbfCampaign name,Cost\n\xff\xfe,1\n")
    with pytest.raises(InputError, match="UTF-8 from beginning to end"):
        read_export(path)


def test_bytes_that_no_candidate_reads_are_refused(tmp_path):
    path = tmp_path / "noise.csv"
    path.write_bytes(bytes(range(128, 256)) * 10)
    with pytest.raises(InputError) as refused:
        read_export(path)
    assert len(refused.value.faults) == 1
    assert "encoding" in str(refused.value)
