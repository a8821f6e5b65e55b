"""Writing: a file is whole or absent, whatever happens on the way."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from study.errors import InputError
from study.writing import atomic_path, remove_file, write_json, write_text


def test_a_failure_keeps_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    path = tmp_path / "result.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise RuntimeError
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_kill_in_the_middle_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "result.txt"
    write_text(path, "old")
    code = (
        "import os, pathlib, sys; from study.writing import atomic_path\n"
        "with atomic_path(pathlib.Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half', encoding='utf-8'); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == 9
    assert path.read_text("utf-8") == "old"


def test_text_is_the_same_on_every_system(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": "ä", "a": 1})
    assert (tmp_path / "a.json").read_bytes() == '{\n  "b": "ä",\n  "a": 1\n}\n'.encode()


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises((InputError, FileExistsError)):
        write_text(tmp_path / "file" / "a.txt", "x")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="must be writable"):
        write_text(tmp_path / "a.txt", "x")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EROFS, "choose another folder"),
        (errno.ENOSPC, "Make room on the disk"),
        (errno.EIO, "Connect the disk again"),
    ],
)
def test_a_disk_that_takes_nothing(tmp_path: Path, number: int, remedy: str) -> None:
    path = tmp_path / "a.txt"
    with pytest.raises(InputError, match=remedy), atomic_path(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise OSError(number, os.strerror(number), str(temporary))
    assert not list(tmp_path.iterdir())
    with pytest.raises(OSError, match="other"), atomic_path(path):
        raise OSError(errno.EINVAL, "other")


def test_removing_a_file(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "x")
    remove_file(tmp_path / "a.txt")
    remove_file(tmp_path / "a.txt")
    assert not list(tmp_path.iterdir())
