"""What a newcomer meets: init, schema, metrics, places and names."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from command_line import SUPPORT, Desk, evalfactory, process, simulated_judge
from evalfactory.catalogue import catalogue


def test_the_two_first_commands_work_in_an_empty_folder(tmp_path: Path) -> None:
    written = process("init", cwd=tmp_path)
    assert written.code == 0
    assert (tmp_path / "suite.yaml").is_file()
    assert "evalfactory run suite.yaml" in written.out
    ran = process("run", "suite.yaml", "--json", cwd=tmp_path)
    assert ran.code in (0, 10), ran.err
    assert ran.json["scored"] == ran.json["planned"] > 0
    assert process("verify", cwd=tmp_path).code == 0


def test_init_overwrites_nothing_unless_it_must(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text("mine")
    refused = evalfactory("init", cwd=tmp_path)
    assert refused.code == 64
    assert "suite.yaml" in refused.err
    assert "--force" in refused.err
    assert (tmp_path / "suite.yaml").read_text() == "mine"
    forced = evalfactory("init", "--force", "--json", cwd=tmp_path)
    assert forced.code == 0
    assert "suite.yaml" in forced.json["written"]


def test_what_init_suggests_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    import shlex

    written = evalfactory("init", "my suites/初め", cwd=tmp_path)
    (suggested,) = [line for line in written.out.splitlines() if "evalfactory" in line]
    words = shlex.split(suggested.partition("try: ")[2])
    assert words[:2] == ["evalfactory", "run"]
    assert (tmp_path / words[2]).is_file()


def test_the_schema_is_one_that_suites_are_checked_by(tmp_path: Path) -> None:
    schema = evalfactory("schema", cwd=tmp_path).json
    jsonschema.Draft202012Validator.check_schema(schema)
    five_lines = {"name": "a", "dataset": "cases.jsonl", "judge": "offline", "metrics": ["faithfulness"]}
    jsonschema.validate(five_lines, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**five_lines, "metrics": [{"faithfulness": {"treshold": 1}}]}, schema)
    assert evalfactory("schema", "--json", cwd=tmp_path).json == schema


def test_every_metric_is_listed_and_explained(tmp_path: Path) -> None:
    listed = evalfactory("metrics", cwd=tmp_path).out
    assert all(f"  {metric.name} " in listed for metric in catalogue().metrics)
    assert len(evalfactory("metrics", "--json", cwd=tmp_path).json["metrics"]) == len(catalogue().metrics)
    calls = {words[0]: words[2] for line in listed.splitlines() if len(words := line.split()) > 3}
    assert (calls["contextual_relevancy"], calls["turn_contextual_relevancy"]) == ("4", "10")
    one = evalfactory("metrics", "faithfulness", cwd=tmp_path).out
    assert "needs input, actual_output, retrieval_context" in one
    assert "truths_extraction_limit" in one
    assert evalfactory("metrics", "faithfulness", "--json", cwd=tmp_path).json["name"] == "faithfulness"


def test_a_metric_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    for wrong, right in (("faithfullness", "faithfulness"), ("relevancy", "answer_relevancy"), ("g_eval", "geval")):
        ran = evalfactory("metrics", wrong, cwd=tmp_path)
        assert ran.code == 64
        assert right in ran.err.partition("try:")[2]


def test_a_suite_may_be_named_by_its_folder(desk: Desk) -> None:
    assert desk("run", ".", "--quiet").code == 0
    beside = evalfactory("run", desk.folder.name, "--json", "--quiet", cwd=desk.folder.parent)
    assert beside.code == 0
    assert beside.json["reused"] == 40


def test_a_folder_without_a_suite_is_told_as_such(tmp_path: Path) -> None:
    for command in ("run", "plan"):
        ran = evalfactory(command, ".", cwd=tmp_path)
        assert ran.code == 65
        assert "suite.yaml" in ran.err
        assert "evalfactory init" in ran.err


def test_a_store_is_found_relative_to_the_suite_and_the_option_relative_to_the_shell(
    desk: Desk, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    suite = desk.folder / "suite.yaml"
    assert evalfactory("plan", suite, "--write", "--run-id", "there", cwd=elsewhere).code == 0
    assert desk("status", "there").code == 0
    assert evalfactory("plan", suite, "--write", "--run-id", "here", "--store", "kept", cwd=elsewhere).code == 0
    assert evalfactory("status", "here", "--store", "kept", cwd=elsewhere).code == 0
    assert (elsewhere / "kept" / "support-bot").is_dir()
    assert desk("status", "here").code == 64


@pytest.mark.parametrize("how", ["relative", "file", "nested", "absolute", "spaces"])
def test_a_store_may_be_named_in_many_ways(desk: Desk, tmp_path: Path, how: str) -> None:
    store = {
        "relative": "../kept",
        "file": f"file://{tmp_path}/k%20ept",
        "nested": "a/b/c",
        "absolute": str(tmp_path / "kept"),
        "spaces": "kept results 結果",
    }[how]
    for source in ("option", "suite"):
        if source == "suite":
            desk.suite(store=store)
        words = ("--store", store) if source == "option" else ()
        run_id = f"{how}-{source}"
        assert desk("plan", "suite.yaml", "--write", "--run-id", run_id, *words).code == 0
        assert desk("status", run_id, *words).code == 0
        assert desk("status", run_id, "--store", store).code == 0


@pytest.mark.parametrize(("store", "words"), [("ftp://x/y", "s3://"), ("", "no name"), ("cases.jsonl", "is a file")])
def test_a_store_that_can_be_none_is_refused(desk: Desk, store: str, words: str) -> None:
    ran = desk("run", "suite.yaml", "--store", store)
    assert ran.code in (64, 69)
    assert words in ran.err


def test_folders_files_and_suites_may_have_any_name(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "評価 の フォルダ (1)"
    desk.folder.rename(folder)
    moved = Desk(folder)
    (folder / "cases.jsonl").rename(folder / "ケース 一覧.jsonl")
    moved.suite(name="サポート・ボット", dataset="ケース 一覧.jsonl")
    run = moved.run("--run-id", "named")
    assert (run["suite"], run["reused"]) == ("サポート・ボット", 40)
    assert (folder / run["report"] / "report.json").is_file()
    assert moved("verify", "named").code == 0
    assert "サポート・ボット" in moved("runs").out
    assert moved("bless", "named", "--name", "本番").code == 0
    assert moved("compare", "named", "本番").code == 0


def test_commands_beside_the_suite_need_no_store(desk: Desk) -> None:
    desk.suite(store="results")
    desk("plan", "suite.yaml", "--write", "--run-id", "here")
    assert desk("status", "--json").json["run_id"] == "here"
    assert [run["run_id"] for run in desk("runs", "--json").json["runs"]] == ["here"]
    (desk.folder / "suite.yaml").write_text("broken: [")
    assert desk("status", "first").code == 0  # the default store, and no word about the suite
    (desk.folder / "suite.yaml").unlink()
    assert desk("status", "first").code == 0


def test_a_wrong_suite_and_dataset_are_told_with_every_problem(desk: Desk) -> None:
    desk.suite(metrics=["faithfullness", {"geval": {"criteria": 3}}], tier={"smoke": 1}, judge="ofline")
    ran = desk("run", "suite.yaml", "--json")
    assert ran.code == 65
    told = ran.json["error"]
    fields = {problem["field"] for problem in told["problems"]}
    assert {"metrics[0]", "tier", "judge"} <= fields
    assert all(problem["file"] == "suite.yaml" and problem["line"] == 1 for problem in told["problems"])
    assert "(nearest known metric: faithfulness)" in ran.err
    (desk.folder / "cases.jsonl").write_text(
        '{"id": 1, "input": "a"}\n{"input": 7}\n{not json}\n{"id": 1, "input": "b"}\n'
    )
    desk.suite()
    lines = {problem["line"] for problem in desk("plan", "suite.yaml", "--json").json["error"]["problems"]}
    assert {2, 3, 4} <= lines


def test_a_dataset_that_is_not_there_is_told_with_where_it_was_looked_for(desk: Desk) -> None:
    desk.suite(dataset="case.jsonl")
    ran = desk("run", "suite.yaml")
    assert ran.code == 65
    assert "case.jsonl" in ran.err
    assert "cases.jsonl" in ran.err


def test_a_metric_of_ones_own_that_cannot_be_imported_is_the_environment(desk: Desk) -> None:
    desk.suite(metrics=["nowhere:Metric"])
    ran = desk("plan", "suite.yaml")
    assert ran.code == 78
    assert "nowhere" in ran.err


OWN = """
from deepeval.metrics import BaseMetric

class Fine(BaseMetric):
    def __init__(self, threshold=0.5, marks=1):
        self.threshold = threshold

    async def a_measure(self, case, **_):
        return 1.0

class Stranger: ...

class Mute(BaseMetric):
    def __init__(self): self.threshold = 0.5

def raises():
    raise ValueError("no such mark")
"""
UNIMPORTABLE = [
    "nowhere:Metric",
    "{own}:Missing",
    "{own}:Stranger",
    "{own}:Mute",
    "{own}:raises",
    "{own}_broken:Metric",
]


def own_metrics(desk: Desk) -> str:
    """The name of a module beside the suite with metrics, one of them fine; and `NAME_broken` beside it."""
    name = f"own_{desk.folder.parent.name}"
    (desk.folder / f"{name}.py").write_text(OWN)
    (desk.folder / f"{name}_broken.py").write_text("def (")
    return name


def test_every_metric_that_cannot_be_built_is_named_at_once(desk: Desk) -> None:
    own = own_metrics(desk)
    desk.suite(metrics=[name.format(own=own) for name in UNIMPORTABLE] + [f"{own}:Fine", "answer_relevancy"])
    ran = desk("plan", "suite.yaml", "--json")
    assert ran.code == 78
    words = [problem["message"] for problem in ran.json["error"]["problems"]]
    assert len(words) == len(UNIMPORTABLE)
    for name, told in zip(UNIMPORTABLE, words, strict=True):
        assert f"the metric '{name.format(own=own)}'" in told
    assert ran.err.count("the metric '") == len(UNIMPORTABLE)


def test_what_the_suite_says_wrongly_goes_before_what_cannot_be_imported_and_both_are_named(desk: Desk) -> None:
    own = own_metrics(desk)
    metrics = [
        {f"{own}:Fine": {"mark": 2}},
        {"geval": {"criteria": " ", "evaluation_params": ["input"]}},
        "nowhere:Metric",
    ]
    desk.suite(metrics=metrics, target={"url": "http://127.0.0.1:9", "request": "{{inptu}}"})
    ran = desk("plan", "suite.yaml", "--json")
    assert ran.code == 65
    problems = ran.json["error"]["problems"]
    assert [problem["field"] for problem in problems] == ["target.request", None, "metrics: geval: criteria", None]
    assert "do not fit Fine" in problems[1]["message"]
    assert "nowhere" in problems[3]["message"]


def test_no_evaluation_steps_are_paid_for_while_another_metric_is_broken(new_desk: Desk) -> None:
    with simulated_judge() as judge:
        geval = {"geval": {"name": "tone", "criteria": "Is it polite?", "evaluation_params": ["actual_output"]}}
        new_desk.suite(judge=judge.judge(), metrics=[geval, "nowhere:Metric"])
        assert new_desk("plan", "suite.yaml").code == 78
        assert judge.requests() == 0


def test_the_documented_five_lines_run(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_bytes((SUPPORT / "cases.jsonl").read_bytes())
    (tmp_path / "suite.yaml").write_text(
        "name: support-bot\ndataset: cases.jsonl\njudge: offline\nmetrics: [answer_relevancy, faithfulness]\n"
    )
    run = Desk(tmp_path).run()
    assert (run["suite"], run["planned"], run["scored"]) == ("support-bot", 40, 40)


def test_other_peoples_columns_are_mapped_and_a_text_becomes_a_list_of_one(new_desk: Desk) -> None:
    rows = [
        {"knowledge": "The sky is blue.", "question": "Which colour is the sky?", "right_answer": "The sky is blue."}
    ]
    (new_desk.folder / "qa.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = {"input": "question", "actual_output": "right_answer", "retrieval_context": "knowledge"}
    new_desk.suite(dataset={"path": "qa.jsonl", "fields": fields})
    new_desk("plan", "suite.yaml", "--write", "--run-id", "mapped")
    (frozen,) = new_desk.frozen("mapped").values()
    assert frozen["case"]["retrieval_context"] == ["The sky is blue."]
    assert len(frozen["case"]["id"]) == 16
