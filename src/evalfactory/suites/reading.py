"""From the text of `suite.yaml` to the suite: everything that is wrong with it is said at once."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from ..catalogue import Catalogue
from ..catalogue import catalogue as committed_catalogue
from ..errors import InputError, Problem, UsageError
from ..named_places import named_in_unicode
from ..records.base import digest_of
from ..records.placement import Placement
from ..records.suite import NOT_IN_SUITE_DIGEST, Suite
from .metric_items import full_metrics
from .rules import check_rules
from .shorthand import full_dataset, full_judge, full_target, full_tiers, without_empty_sections
from .translate import actual, report
from .tree import Findings, Node, plain, planted
from .words import nearest, path_key, visible
from .yaml_text import MAX_BYTES, decode
from .yaml_tree import read_tree

#: More than anyone mends in one go.
MAX_PROBLEMS = 100


class LoadedSuite(NamedTuple):
    """A suite and where it came from. Paths in the suite are relative to `folder`."""

    suite: Suite
    path: Path
    folder: Path
    digest: str  # SHA-256 of the resolved suite, overrides included, its placement left out


def load_suite(path: Path, *, overrides: Mapping[str, object] | None = None) -> LoadedSuite:
    """The suite of a file, or of a folder's `suite.yaml`, with options of the command line laid over it.

    `overrides` are dotted keys (`store`, `execution.workers`); those that are None are left out.
    Raises `InputError` with every problem of the file, `UsageError` for an override that does not fit.
    """
    path = named_in_unicode(path / "suite.yaml" if path.is_dir() else path)
    file = visible(str(path))
    findings = Findings(file)
    tree = read_tree(decode(_bytes(path, file), file=file), findings)
    suite = _suite(tree, findings, committed_catalogue())
    chosen = {key: value for key, value in (overrides or {}).items() if value is not None}
    if chosen:
        suite = _overridden(tree, chosen)
    return LoadedSuite(
        suite, path, path.parent, digest_of(suite.model_dump(mode="json", exclude=set(NOT_IN_SUITE_DIGEST)))
    )


def load_placement(path: Path, profile: Path) -> Placement:
    """The placement of a file of its own, for the suite at `path`.

    Raises `InputError` with every problem of either file.
    """
    load_suite(path)  # so that whatever is found below is the profile's
    suite_path = path / "suite.yaml" if path.is_dir() else path
    tree = read_tree(decode(_bytes(suite_path, str(suite_path)), file=str(suite_path)), Findings(str(suite_path)))
    findings = Findings(visible(str(profile)))
    placed = read_tree(decode(_bytes(profile, findings.file), file=findings.file), findings)
    suite = _suite(_planted_at(tree, ["placement"], placed), findings, committed_catalogue())
    assert suite.placement is not None
    return suite.placement


def parse_suite(text: str, *, file: str, catalogue: Catalogue | None = None) -> Suite:
    """The suite that `text` describes. Raises `InputError` with every problem; `file` is only named in them."""
    findings = Findings(file)
    return _suite(read_tree(text, findings), findings, catalogue or committed_catalogue())


def _suite(tree: Node, findings: Findings, known: Catalogue) -> Suite:
    suite = None
    if isinstance(tree.value, dict):
        full = _spelt_out(tree.with_value(without_empty_sections(tree.value)), known, findings)
        check_rules(full, known, findings)
        suite = _validated(full, findings)
    else:
        hint = "it begins with `name: …`; `evalfactory init` writes one that works"
        findings.add(tree, f"a suite is a mapping of keys to values; {actual(tree)}", hint=hint)
    if suite is None or findings.problems:
        raise _error(findings)
    return suite


def _spelt_out(tree: Node, known: Catalogue, findings: Findings) -> Node:
    """The tree in the shape of the records: every shorthand replaced by what it stands for."""
    spell: dict[str, Callable[[Node], Node]] = {
        "dataset": full_dataset,
        "judge": lambda node: full_judge(node, findings),
        "target": lambda node: full_target(node, findings),
        "metrics": lambda node: full_metrics(node, known, findings),
        "tiers": full_tiers,
    }
    assert isinstance(tree.value, dict)
    return tree.with_value({key: spell[key](node) if key in spell else node for key, node in tree.value.items()})


def _validated(full: Node, findings: Findings) -> Suite | None:
    try:  # as JSON, where strict means that nothing is converted but a list to a tuple
        return Suite.model_validate_json(json.dumps(plain(full)), strict=True)
    except ValidationError as error:
        report(error, full, findings)
        return None


def _error(findings: Findings) -> InputError:
    problems = sorted(findings.problems, key=lambda problem: problem.line or 0)
    count = f"{'at least ' if findings.full else ''}{len(problems)} problems" if len(problems) > 1 else "a problem"
    more = len(problems) - MAX_PROBLEMS
    rest = (Problem(f"and {more} more", findings.file),) if more > 0 else ()
    return InputError(f"{findings.file} has {count}", (*problems[:MAX_PROBLEMS], *rest))


def _overridden(tree: Node, chosen: Mapping[str, object]) -> Suite:
    findings = Findings("the command line")
    for key, value in chosen.items():
        tree = _planted_at(tree, key.split("."), planted(value, key))
    try:
        return _suite(tree, findings, committed_catalogue())
    except InputError as error:
        first = error.problems[0]
        raise UsageError(f"{first.field or 'an option'}: {first.message}", hint=first.hint) from None


def _planted_at(holder: Node, keys: list[str], value: Node) -> Node:
    """The tree with `value` under the dotted key; a shorthand on the way is spelt out."""
    head, *rest = keys
    children = holder.value if isinstance(holder.value, dict) else {}
    if not rest:
        return holder.with_value({**children, head: value})
    child = children.get(head) or planted({}, path_key(holder.field, head))
    if child.field == "dataset":
        child = full_dataset(child)
    if child.value == "offline":
        child = child.with_value({"kind": child})
    return holder.with_value({**children, head: _planted_at(child, rest, value)})


def _bytes(path: Path, file: str) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{file} is no file", hint="name a suite.yaml, or a folder that holds one")
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"there is no suite {file}", hint=_near(path)) from None
    except OSError as error:
        loop = "it is a link that leads to itself: name the file" if error.errno == errno.ELOOP else None
        raise InputError(f"{file} cannot be read: {error.strerror}", hint=loop) from None


def _near(path: Path) -> str:
    """What to try for a file that is not there: one of a similar name beside it, or a new one."""
    beside = [each.name for each in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
    close = nearest(path.name, beside) or next(iter(sorted(beside)), None)
    return visible(str(path.parent / close)) if close else "`evalfactory init` writes one that works"
