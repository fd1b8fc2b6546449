"""Suites that are wrong, by what is wrong with them, and what an error about each must at least name."""

from __future__ import annotations

from typing import NamedTuple


class Malformed(NamedTuple):
    """A suite's text or bytes, the fields that its problems must name (all of them, in any order), and their lines."""

    text: str | bytes
    fields: tuple[str | None, ...]
    lines: tuple[int | None, ...]


def _head(**changes: str) -> str:
    """A good suite of four lines (name, dataset, judge, metrics, in this order), with some of them written otherwise."""
    good = {
        "name": "name: bot",
        "dataset": "dataset: cases.jsonl",
        "judge": "judge: offline",
        "metrics": "metrics: [faithfulness]",
    }
    return "\n".join(line for line in (good | changes).values() if line) + "\n"


def _with(more: str) -> str:
    """The good suite, and more from its fifth line on."""
    return _head() + more


def _metric(item: str) -> str:
    """A suite of a real judge whose metrics begin on its fifth line."""
    return _head(judge="judge: {model: m, base_url: 'http://judge/v1'}", metrics="metrics:\n" + item)


def _problem(text: str | bytes, field: str | None, line: int | None) -> Malformed:
    return Malformed(text, (field,), (line,))


MALFORMED: dict[str, Malformed] = {
    # the file
    "empty file": _problem("", None, None),
    "only comments": _problem("# nothing yet\n\n", None, None),
    "only a document mark": _problem("---\n", None, None),
    "a list at the top": _problem("- name: bot\n", None, 1),
    "a text at the top": _problem("hello\n", None, 1),
    "a number at the top": _problem("42\n", None, 1),
    "two documents": _problem(_head() + "---\nname: other\n", None, 5),
    "too large": _problem("# " + "x" * 1_100_000, None, None),
    "not UTF-8": _problem("name: caf\xe9\n".encode("latin-1"), None, 1),
    "not UTF-8 further down": _problem(_head().encode() + b"store: \xff\xff\n", None, 5),
    "UTF-16": _problem(_head().encode("utf-16"), None, 1),
    "a binary file": _problem(b"\x7fELF\x02\x01\x01\0\0\0", None, 1),
    "a control character": _problem(_head(name="name: bo\x1bt"), None, 1),
    "a lone surrogate": _problem(_head(name="name: bo\ud800t"), None, 1),
    "an escape that is half a character": _problem(_head(name='name: "bo\\ud800t"'), None, 1),
    # YAML
    "a tab as indentation": _problem(_with("gate:\n\tmax_errored: 0.1\n"), None, 6),
    "two colons on a line": _problem(_head(name="name: bot: the second"), None, 1),
    "a list that is not closed": _problem(_head(metrics="metrics: [faithfulness, answer_relevancy\nstore: here"), None, 4),
    "a mapping that is not closed": _problem(_head(judge="judge: {model: m"), None, 3),
    "a quote that is not closed": _problem(_head(name='name: "bot'), None, 1),
    "a bracket too many": _problem(_head(metrics="metrics: [faithfulness]]"), None, 4),
    "a text that begins with a percent sign": _problem(_head(name="name: %bot"), None, 1),
    "a text that begins with an at sign": _problem(_head(dataset="dataset: @cases"), None, 2),
    "a glob that is no alias": _problem(_head(dataset="dataset: *.jsonl"), None, 2),
    "an unknown escape": _problem(_head(dataset='dataset: "C:\\data"'), None, 2),
    "a line that is indented by accident": _problem(_head(dataset="  dataset: cases.jsonl"), None, 2),
    "a list beside keys": _problem(_head(metrics="- faithfulness"), None, 4),
    "a key without its colon": _problem(_with("store\n"), None, 6),
    "a list item that hangs": _problem(_head(metrics="metrics:\n    - faithfulness\n  - bias"), None, 6),
    "a key twice": _problem(_with("store: a\nstore: b\n"), "store", 6),
    "a key twice, further in": _problem(_head(judge="judge: {kind: offline, timeout_s: 1, timeout_s: 2}"), "judge.timeout_s", 3),
    "a Python object": _problem(_head(name="name: !!python/object/apply:os.system ['true']"), "name", 1),
    "a tag of one's own": _problem(_head(name="name: !secret bot"), "name", 1),
    "a binary value": _problem(_head(name="name: !!binary aGVsbG8="), "name", 1),
    "a set": _problem(_with("gate: !!set {a, b}\n"), "gate", 5),
    "a key that is a number": _problem(_with("tiers:\n  100: 100\n"), "tiers.100", 6),
    "a key that is a boolean": _problem(_head(dataset="dataset: {path: x.csv, fields: {input: q, on: a}}"), "dataset.fields.on", 2),
    "a template without quotes": _problem(_with("target:\n  url: http://bot\n  request: {question: {{input}}}\n"), "target.request.question", 7),
    "an alias that holds itself": _problem(_with("gate: &a\n  metrics: *a\n"), None, 5),
    "an alias bomb": _problem(
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)),
        None,
        1,
    ),
    "an anchor twice": _problem(_head(name="name: &a bot", judge="judge: &a offline"), None, 3),
    "nested thousands deep": _problem(_head(metrics="metrics: " + "[" * 5000 + "]" * 5000), None, 4),
    "a merge that is no mapping": _problem(_with("gate: {<<: 3}\n"), 'gate["<<"]', 5),
    "not a number": _problem(_with("gate: {max_errored: .nan}\n"), "gate.max_errored", 5),
    "infinitely many": _problem(_head(judge="judge: {kind: offline, requests_per_minute: .inf}"), "judge.requests_per_minute", 3),
    "a number beyond all bounds": _problem(_with("execution: {workers: 1e400}\n"), "execution.workers", 5),
    "a number of a thousand digits": _problem(_with(f"execution: {{workers: {'9' * 1000}}}\n"), "execution.workers", 5),
    "a number with a leading zero": _problem(_with("execution: {workers: 010}\n"), "execution.workers", 5),
    # keys
    "everything missing": Malformed("{}\n", ("name", "dataset", "judge", "metrics"), (1, 1, 1, 1)),
    "no judge": _problem(_head(judge=""), "judge", 1),
    "no metrics": _problem(_head(metrics=""), "metrics", 1),
    "a misspelt key": _problem(_head(dataset="datset: cases.jsonl"), "datset", 2),
    "a key that is like nothing": _problem(_with("flavour: vanilla\n"), "flavour", 5),
    "a key of another section": _problem(_with("max_in_flight: 8\n"), "max_in_flight", 5),
    "a key with a terminal command": _problem(_with('"\\e[31mred": 1\n'), '["\\u001b[31mred"]', 5),
    "a key in camel case": _problem(_head(judge="judge: {kind: offline, maxInFlight: 8}"), "judge.maxInFlight", 3),
    "a section with nothing in it": _problem(_head(metrics="metrics:"), "metrics", 4),
    "many at once": Malformed(
        "nmae: bot\ndataset: {pth: x.csv}\njudge: {model: 3}\nmetrics:\n  - faithfulnes\ngate: {max_errored: 2}\n",
        ("nmae", "dataset.pth", "judge.model", "metrics[0]", "gate.max_errored"),
        (1, 2, 3, 5, 6),
    ),
    # texts, numbers, lists
    "a name that YAML takes for false": _problem(_head(name="name: no"), "name", 1),
    "a name that YAML takes for a number": _problem(_head(name="name: 1e3"), "name", 1),
    "a name with a space": _problem(_head(name="name: support bot"), "name", 1),
    "a name with a slash": _problem(_head(name="name: team/bot"), "name", 1),
    "an empty name": _problem(_head(name='name: ""'), "name", 1),
    "a name the store keeps for itself": _problem(_head(name="name: limits"), "name", 1),
    "a name that turns the line around": _problem(_head(name='name: "bot\\u202etob"'), "name", 1),
    "a dataset without a path": _problem(_head(dataset="dataset: {format: csv}"), "dataset.path", 2),
    "an unknown format": _problem(_head(dataset="dataset: {path: x, format: json-lines}"), "dataset.format", 2),
    "a field that no case has": _problem(_head(dataset="dataset: {path: x.csv, fields: {actual_ouput: a}}"), "dataset.fields.actual_ouput", 2),
    "strata by a field that no case has": _problem(
        _head(dataset="dataset: {path: x.csv, strata: metdata.topic}"), "dataset.strata", 2
    ),
    "a text where a list is due": _problem(_head(dataset="dataset: {path: x.csv, must_run: {tags: urgent}}"), "dataset.must_run.tags", 2),
    "a boolean in a list of texts": _problem(_head(dataset="dataset: {path: x.csv, must_run: {tags: [yes]}}"), "dataset.must_run.tags[0]", 2),
    "a list where a mapping is due": _problem(_with("execution: [4]\n"), "execution", 5),
    "a number in quotes": _problem(_with('execution: {workers: "4"}\n'), "execution.workers", 5),
    "a fraction of a worker": _problem(_with("execution: {workers: 2.5}\n"), "execution.workers", 5),
    "no workers": _problem(_with("execution: {workers: 0}\n"), "execution.workers", 5),
    "a word where a number is due": _problem(_with("execution: {deadline_s: ten minutes}\n"), "execution.deadline_s", 5),
    "a time of day where seconds are due": _problem(_with("execution: {deadline_s: 10:00}\n"), "execution.deadline_s", 5),
    "a choice that there is not": _problem(_with("execution: {dealing: weigth}\n"), "execution.dealing", 5),
    "a value that is not there": _problem(_with("execution:\n  workers:\n"), "execution.workers", 6),
    # judge
    "a judge that is only a name": _problem(_head(judge="judge: gpt-4o"), "judge", 3),
    "a judge without a model": _problem(_head(judge="judge: {base_url: 'http://judge/v1'}"), "judge.model", 3),
    "a model called offline": _problem(_head(judge="judge: {model: offline}"), "judge.model", 3),
    "an offline judge with a model's keys": Malformed(
        _head(judge="judge:\n  kind: offline\n  temperature: 0.5\n  base_url: http://judge/v1"),
        ("judge.temperature", "judge.base_url"),
        (5, 6),
    ),
    "a key in the suite": _problem(_head(judge="judge: {model: m, api_key: sk-verysecret}"), "judge.api_key", 3),
    "a key instead of its variable's name": _problem(_head(judge="judge: {model: m, api_key_env: sk-verysecret}"), "judge.api_key_env", 3),
    "a key in a header": _problem(_head(judge="judge: {model: m, headers: {Authorization: Bearer sk-verysecret}}"), "judge.headers.Authorization", 3),
    "a password in the address": _problem(_head(judge="judge: {model: m, base_url: 'https://me:verysecret@judge/v1'}"), "judge.base_url", 3),
    "an address without http": _problem(_head(judge="judge: {model: m, base_url: judge:8000/v1}"), "judge.base_url", 3),
    "a header that is a number": _problem(_head(judge="judge: {model: m, headers: {X-Team: 7}}"), "judge.headers.X-Team", 3),
    "two limits of an answer": _problem(_head(judge="judge: {model: m, max_tokens: 9, max_completion_tokens: 9}"), "judge.max_completion_tokens", 3),
    "a price below nothing": _problem(_head(judge="judge: {model: m, price: {input: -1, output: 2}}"), "judge.price.input", 3),
    "half a price": _problem(_head(judge="judge: {model: m, price: {input: 1}}"), "judge.price.output", 3),
    # target
    "a target of no kind": _problem(_with("target: {timeout_s: 5}\n"), "target", 5),
    "a target of two kinds": _problem(_with("target: {url: 'http://bot', python: 'bot:ask'}\n"), "target", 5),
    "a target of the wrong kind": _problem(_with("target: {url: 'http://bot', kind: chat}\n"), "target.kind", 5),
    "a target with a misspelt key": _problem(_with("target:\n  url: http://bot\n  outptu: answer\n"), "target.outptu", 7),
    "a chat with what only a plan has": Malformed(
        _with("target:\n  model: m\n  prompt: p.txt\n  prompt_text: Hello\n  system_text: Be nice\n"),
        ("target.prompt_text", "target.system_text"),
        (8, 9),
    ),
    "a chat without a prompt": _problem(_with("target: {model: m}\n"), "target.prompt", 5),
    "a function without a module": _problem(_with("target: {python: answer}\n"), "target.python", 5),
    "a method there is not": _problem(_with("target: {url: 'http://bot', method: post}\n"), "target.method", 5),
    "a target that is a text": _problem(_with("target: http://bot\n"), "target", 5),
    # metrics
    "metrics as one text": _problem(_head(metrics="metrics: faithfulness"), "metrics", 4),
    "metrics as a mapping": _problem(_head(metrics="metrics: {faithfulness: {threshold: 0.8}}"), "metrics", 4),
    "no metric in the list": _problem(_head(metrics="metrics: []"), "metrics", 4),
    "a metric that is a number": _problem(_metric("  - 3"), "metrics[0]", 5),
    "a metric that is nothing": _problem(_metric("  - answer_relevancy\n  -"), "metrics[1]", 6),
    "a misspelt metric": _problem(_metric("  - faithfullness"), "metrics[0]", 5),
    "a metric by its class": _problem(_metric("  - FaithfulnessMetric: {threshold: 0.5}"), "metrics[0].FaithfulnessMetric", 5),
    "a metric like no other": _problem(_metric("  - tastiness"), "metrics[0]", 5),
    "a metric's settings at its own height": _problem(_metric("  - faithfulness:\n    threshold: 0.8"), "metrics[0]", 5),
    "a threshold instead of settings": _problem(_metric("  - faithfulness: 0.8"), "metrics[0].faithfulness", 5),
    "a threshold in per cent": _problem(_metric("  - faithfulness:\n      threshold: 80"), "metrics[0].faithfulness.threshold", 6),
    "a threshold that is a word": _problem(_metric("  - faithfulness:\n      threshold: high"), "metrics[0].faithfulness.threshold", 6),
    "a misspelt setting": _problem(_metric("  - answer_relevancy\n  - faithfulness:\n      treshold: 0.8"), "metrics[1].faithfulness.treshold", 7),
    "a setting like no other": _problem(_metric("  - faithfulness: {colour: red}"), "metrics[0].faithfulness.colour", 5),
    "a setting of the wrong type": _problem(_metric("  - faithfulness: {truths_extraction_limit: many}"), "metrics[0].faithfulness.truths_extraction_limit", 5),
    "a setting of true and false": _problem(_metric("  - faithfulness: {include_reason: 1}"), "metrics[0].faithfulness.include_reason", 5),
    "a setting that must be given": _problem(_metric("  - pattern_match"), "metrics[0].pattern_match.pattern", 5),
    "a version for a metric of DeepEval's": _problem(_metric('  - faithfulness: {version: "2"}'), "metrics[0].faithfulness.version", 5),
    "a version that is a number": _problem(_metric('  - "mine.metrics:Polite": {version: 2}'), 'metrics[0]["mine.metrics:Polite"].version', 5),
    "an import path that is none": _problem(_metric('  - "mine.metrics:"'), "metrics[0]", 5),
    "geval without anything": Malformed(
        _metric("  - geval:"), ("metrics[0].geval.evaluation_params", "metrics[0].geval"), (5, 5)
    ),
    "geval with a misspelt parameter": _problem(
        _metric("  - geval: {criteria: Polite?, evaluation_params: [input, actual_ouput]}"), "metrics[0].geval.evaluation_params[1]", 5
    ),
    "geval with parameters as one text": _problem(
        _metric("  - geval: {criteria: Polite?, evaluation_params: input}"), "metrics[0].geval.evaluation_params", 5
    ),
    "a metric's judge that is only a name": _problem(_metric("  - faithfulness: {judge: gpt-4o}"), "metrics[0].faithfulness.judge", 5),
    "a metric's judge with a misspelt key": _problem(_metric("  - faithfulness: {judge: {modle: gpt-4o}}"), "metrics[0].faithfulness.judge.modle", 5),
    "a metric twice": _problem(_metric("  - faithfulness\n  - faithfulness: {threshold: 0.9}"), "metrics[1].faithfulness", 6),
    "a metric the offline judge cannot judge": _problem(_head(metrics="metrics:\n  - faithfulness\n  - bias"), "metrics[1]", 6),
    # tiers, gate, store
    "a tier of a few": _problem(_with("tiers: {smoke: few}\n"), "tiers.smoke", 5),
    "a tier of nothing": _problem(_with("tiers: {smoke: 0}\n"), "tiers.smoke", 5),
    "a tier with a misspelt key": _problem(_with("tiers: {smoke: {cuont: 3}}\n"), "tiers.smoke.cuont", 5),
    "a tier with a space": _problem(_with("tiers: {every night: 3}\n"), 'tiers["every night"]', 5),
    "tiers as a list": _problem(_with("tiers: [20, 500]\n"), "tiers", 5),
    "a gate on a metric that is not there": _problem(_with("gate:\n  metrics:\n    faithfullness: {mean: 0.8}\n"), "gate.metrics.faithfullness", 7),
    "a share in per cent": _problem(_with("gate: {max_errored: 5}\n"), "gate.max_errored", 5),
    "a gate's metric as a number": _problem(_with("gate: {metrics: {faithfulness: 0.8}}\n"), "gate.metrics.faithfulness", 5),
    "pods that are killed before they have finished": _problem(
        _with("execution: {grace_s: 90}\nplacement: {image: ours, grace_s: 60}\n"), "placement.grace_s", 6
    ),
    "pods with less time than is planned": _problem(_with("execution: {grace_s: 90}\nplacement:\n  image: ours\n"), "placement", 6),
    "a store that is empty": _problem(_with('store: ""\n'), "store", 5),
}  # fmt: skip
