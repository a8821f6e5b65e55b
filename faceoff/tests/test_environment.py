"""One environment: pyproject.toml, its lock and the conda file say the same."""

import json
import re
import subprocess
import sys
import tomllib
import venv
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    not (ROOT / "environment.yml").is_file(), reason="needs the source folder"
)


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def declared_requirements() -> list[Requirement]:
    extras = project()["optional-dependencies"]
    lines = list(project()["dependencies"])
    # The peers of `make bench` are installed by it alone, and are in uv.lock.
    locked = [part for name, part in extras.items() if name not in ("all", "bench")]
    lines += [line for part in locked for line in part]
    requirements = [Requirement(line) for line in lines]
    return [item for item in requirements if item.marker is None or item.marker.evaluate()]


def locked_versions() -> dict[NormalizedName, str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line.strip()]
    return {
        canonicalize_name(item.name): str(item.specifier).removeprefix("==")
        for item in requirements
        if item.marker is None or item.marker.evaluate()
    }


def pip_part() -> list[str]:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert "python=3.11" in environment["dependencies"]
    (part,) = [item["pip"] for item in environment["dependencies"] if isinstance(item, dict)]
    return part


def test_the_lock_satisfies_every_requirement() -> None:
    locked = locked_versions()
    wrong = [
        f"{item} is locked at {locked.get(canonicalize_name(item.name))}"
        for item in declared_requirements()
        if locked.get(canonicalize_name(item.name)) is None
        or not item.specifier.contains(locked[canonicalize_name(item.name)], prereleases=True)
    ]
    assert wrong == []


def test_the_lock_names_no_host() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert "--" not in text


def test_the_all_extra_holds_every_extra_but_the_developers_and_the_benchmarks() -> None:
    extras = project()["optional-dependencies"]
    (whole,) = extras["all"]
    named = set(re.fullmatch(r"faceoff\[(.+)\]", whole).group(1).split(","))  # type: ignore[union-attr]
    assert named == set(extras) - {"dev", "bench", "all"}


def test_this_environment_is_the_lock_s() -> None:
    installed = {
        canonicalize_name(item.metadata["Name"]): item.version for item in metadata.distributions()
    }
    declared = {canonicalize_name(item.name) for item in declared_requirements()}
    differing = {
        name: (installed.get(name), version)
        for name, version in locked_versions().items()
        if name in declared and installed.get(name) != version
    }
    assert differing == {}


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_the_conda_file_s_pip_part_installs_what_the_project_asks_for(tmp_path: Path) -> None:
    folder = tmp_path / "environment"
    venv.create(folder)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    # As conda does it: the pip part becomes a requirements file beside environment.yml.
    requirements = tmp_path / "pip_part.txt"
    requirements.write_text("\n".join(pip_part()) + "\n", encoding="utf-8")
    text = requirements.read_text(encoding="utf-8").replace(
        "requirements.lock", (ROOT / "requirements.lock").as_posix()
    )
    requirements.write_text(text, encoding="utf-8")
    uv = [sys.executable, "-m", "uv", "pip"]  # pip's own resolver takes minutes more
    install = [*uv, "install", "--quiet", "--python", str(python)]
    install += ["--requirement", str(requirements)]
    subprocess.run(install, cwd=ROOT, check=True)
    listed = subprocess.run(
        [*uv, "list", "--quiet", "--python", str(python), "--format", "json"],
        check=True,
        capture_output=True,
        text=True,
    )
    versions = {
        canonicalize_name(item["name"]): item["version"] for item in json.loads(listed.stdout)
    }
    missing = [
        str(item)
        for item in declared_requirements()
        if not item.specifier.contains(versions.get(canonicalize_name(item.name), "0"), True)
    ]
    assert missing == []
    assert versions[canonicalize_name("faceoff")] == project()["version"]
