"""The dataset on its way into a plan: read once, kept on disk, with what choosing and dealing need in memory."""

from __future__ import annotations

import hashlib
from array import array
from types import TracebackType

from ..records.base import canonical_json
from ..records.case import Case, input_digest, lookup
from .scratch import scratch_file


class Spool:
    """All cases of a dataset. Indexes are positions in the dataset.

    A case costs its id and some 70 bytes of memory; its text is in a temporary file.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.strata: list[str] = []
        self.weights = array("d")
        self.lines = array("Q")
        self.must_run: list[int] = []
        self._digests: list[bytes] = []
        self._inputs: list[bytes] = []
        self._offsets = array("Q", [0])
        self._file = scratch_file("evalfactory-cases-")  # closed by `__exit__`

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, case: Case, *, line: int, stratum: str, weight: float) -> None:
        """Take the next case of the dataset."""
        text = case.model_dump_json(exclude_defaults=True).encode()
        self._file.write(text)
        self._offsets.append(self._offsets[-1] + len(text))
        self.ids.append(case.id)
        self.strata.append(stratum)
        self.weights.append(weight)
        self.lines.append(line)
        self._digests.append(hashlib.sha256(text).digest())
        self._inputs.append(hashlib.sha256(f"{case.id}\n{input_digest(case)}".encode()).digest())

    def case(self, index: int) -> Case:
        """The case at that position."""
        self._file.seek(self._offsets[index])
        return Case.model_validate_json(self._file.read(self._offsets[index + 1] - self._offsets[index]))

    def digest(self) -> str:
        """SHA-256 of the dataset's content, the same whatever the order of its lines."""
        return _of_all(self._digests)

    def inputs_digest(self) -> str:
        """SHA-256 of the cases' ids and input sides alone."""
        return _of_all(self._inputs)


def _of_all(digests: list[bytes]) -> str:
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()


def stratum(case: Case, field: str) -> str:
    """The case's value of the field that is kept in proportion, as text; `tags` means all of its tags."""
    value = lookup(case, field)
    return value if isinstance(value, str) else canonical_json(value)
