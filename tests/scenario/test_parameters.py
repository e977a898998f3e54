"""Every figure of the traffic is listed with its value, its unit, and where it comes from."""

from __future__ import annotations

import pandas as pd

from pixelsim.scenario import AdDelivery, Source, SourceKind, parameter_table
from pixelsim.scenario.parameters import parameters


def test_a_value_is_from_a_file_given_an_assumption_or_a_default(small):
    path = "traffic.delivery[g_agency].cpm"
    one = small.vary(path, 7.25).replace(sources={path: Source(kind=SourceKind.FILE, text="report.csv", rows=41)})
    table = parameter_table(one).set_index("parameter")
    assert table.loc[path, ["value", "kind", "source", "rows"]].tolist() == ["7.25", "file", "report.csv", 41]
    given = table.loc["traffic.delivery[g_agency].daily_budget"]
    assert (given["value"], given["kind"], given["source"]) == ("20", "given", "given in scenario small")
    default = table.loc["traffic.delivery[g_brand].cpm"]
    assert (default["kind"], default["source"]) == ("default", "mean of three US accounts, 2022")
    assumed = table.loc["traffic.delivery[g_brand].landing_share"]
    assert assumed["kind"] == "assumption"
    assert pd.isna(default["rows"])


def test_every_figure_of_every_ad_group_is_listed_with_a_unit_and_a_source(small):
    table = parameter_table(small)
    # What is left out altogether, such as a shape of the week beside hours and weekdays, is not in force.
    in_force = {n: f for n, f in AdDelivery.model_fields.items() if f.default is not None}
    figures = [n for n, f in in_force.items() if isinstance(f.json_schema_extra, dict)]
    for group in ("g_brand", "g_agency"):
        listed = set(table["parameter"]) & {f"traffic.delivery[{group}].{name}" for name in figures}
        assert len(listed) == len(figures)
    assert table["parameter"].is_unique
    assert (table["unit"].str.len() > 0).all()
    assert (table["source"].str.len() > 0).all()
    assert set(table["kind"]) <= {kind.value for kind in SourceKind}


def test_every_path_of_the_table_can_be_varied(small):
    for path, value, _, _ in parameters(small):
        assert small.vary(path, value).content_hash == small.content_hash, path


def test_an_assumption_says_so_and_a_figure_names_its_source(small):
    for path, _, _, source in parameters(small):
        if source.kind is SourceKind.DEFAULT:
            assert "assum" not in source.text, path
