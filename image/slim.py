"""Takes out of an environment what no container runs: `python slim.py /opt/evalfactory/lib`.

Type stubs, C sources, libraries' own tests, and what compilers and debuggers want to know of native modules: the parts
of an ELF file behind the last one that the loader maps, most of them debugging information, and the table of sections.
"""

import shutil
import struct
import sys
from pathlib import Path

SOURCES = (".pyi", ".pyx", ".pxd", ".c", ".h")
TESTS = ("tests", "test")
SECOND_BACKEND = "_cffi."  # of zstandard, which has a faster one

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")  # of a 64-bit little-endian ELF file, as x86-64 and ARM have them
_SEGMENT = struct.Struct("<IIQQQQQQ")


def slim(folder: Path) -> int:
    """How many bytes fewer the folder has now."""
    before = _size(folder)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and path.name in TESTS:
            shutil.rmtree(path)
        elif path.is_file() and _runs_nowhere(path):
            path.unlink()
        elif path.is_file() and ".so" in path.suffixes and not path.is_symlink():
            cut(path)
    return before - _size(folder)


def cut(path: Path) -> None:
    """Take off a native module what is behind the last mapped part."""
    content = path.read_bytes()
    if content[:6] != b"\x7fELF\x02\x01":
        return
    head = list(_HEADER.unpack_from(content))
    segments_at, size, count = head[5], head[9], head[10]
    segments = [_SEGMENT.unpack_from(content, segments_at + number * size) for number in range(count)]
    end = max([segments_at + size * count, *(offset + length for _, _, offset, _, _, length, _, _ in segments)])
    head[6] = head[12] = head[13] = 0  # there is no table of sections any more
    path.write_bytes(_HEADER.pack(*head) + content[_HEADER.size : end])


def _runs_nowhere(path: Path) -> bool:
    return path.suffix in SOURCES or (path.parent.name == "zstandard" and path.name.startswith(SECOND_BACKEND))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    sys.stdout.write(f"{slim(Path(sys.argv[1])) / 1e6:.1f} MB fewer\n")
