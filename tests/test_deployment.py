"""What is put on a server: a lock that pins what the program asks for, a container with what it needs and no more."""

import re
from fnmatch import fnmatch
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
_REQUIREMENT = re.compile(r"^([a-z0-9-]+)==(\S+) \\\n((?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)


def pinned(text: str) -> dict[str, str]:
    """Versions by name of a requirements file."""
    lines = re.findall(r"^([A-Za-z0-9-]+)==(\S+)", text, re.MULTILINE)
    return {name.lower(): version for name, version in lines}


def _installed(name: str) -> str | None:
    """The version of a package that the tests run with."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def test_the_lock_pins_the_versions_that_the_program_asks_for() -> None:
    asked, locked = pinned((ROOT / "requirements.txt").read_text(encoding="utf-8")), pinned(LOCK)
    assert len(asked) > 10
    assert {name: locked.get(name, "").partition("+")[0] for name in asked} == asked


def test_every_package_of_the_lock_has_a_hash() -> None:
    with_hashes = {name: version for name, version, _ in _REQUIREMENT.findall(LOCK)}
    assert with_hashes == pinned(LOCK)
    rest = _REQUIREMENT.sub("", LOCK)
    assert all(not line or line.lstrip().startswith("#") for line in rest.splitlines())


def test_the_lock_says_what_it_is_for_and_the_container_is_that() -> None:
    assert "for Python 3.11 on x86-64 Linux, and nothing else" in LOCK[: LOCK.index("==")]
    assert "FROM --platform=linux/amd64 python:3.11" in DOCKERFILE


def test_the_lock_has_all_that_its_packages_need() -> None:
    target = {
        **{"python_version": "3.11", "python_full_version": "3.11.9", "implementation_name": "cpython"},
        **{"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64", "os_name": "posix"},
        **{"platform_python_implementation": "CPython", "extra": ""},
    }
    locked = {canonicalize_name(name): version for name, version in pinned(LOCK).items()}
    missing, known = [], 0
    for name, locked_version in locked.items():
        if _installed(name) != locked_version:  # what the tests run with need not have it, or in the same build
            continue
        needs = [Requirement(line) for line in requires(name) or ()]
        known += 1
        needed = [need for need in needs if need.marker is None or need.marker.evaluate(target)]
        missing += [
            f"{name}: {n}" for n in needed if not n.specifier.contains(locked.get(canonicalize_name(n.name), "0"))
        ]
    assert missing == []
    assert known > 20 or _installed("streamlit") != locked["streamlit"]  # an environment of other versions


def test_the_lock_takes_the_build_of_torch_that_needs_no_accelerator() -> None:
    assert pinned(LOCK)["torch"].endswith("+cpu")
    assert not [name for name in pinned(LOCK) if name.startswith(("nvidia", "cuda", "triton"))]


def test_the_lock_names_no_place_to_download_from() -> None:
    assert "://" not in LOCK
    assert not re.search(r"^\s*--?(?!hash)[a-z]", LOCK, re.MULTILINE)


COPIED = [words.split()[0] for words in re.findall(r"^COPY (?:--\S+ )?(.+)$", DOCKERFILE, re.MULTILINE)]


def sent(path: str) -> bool:
    """Whether a path is sent to where the image is built: the last rule of `.dockerignore` that fits decides."""
    answer = True
    for rule in (ROOT / ".dockerignore").read_text(encoding="utf-8").split():
        pattern = rule.removeprefix("!").removeprefix("**/")
        parts = path.split("/")
        if any(fnmatch(part, pattern) for part in (parts if "**/" in rule else parts[:1])) or fnmatch(path, pattern):
            answer = rule.startswith("!")
    return answer


def test_the_container_holds_every_part_of_the_program() -> None:
    assert {"app.py", "dlgmm_core", "ui", "pages", "checkpoints", ".streamlit", "requirements.lock"} == set(COPIED)
    assert all((ROOT / part).exists() and sent(part) for part in COPIED)
    assert sent("dlgmm_core/data/assets/mnist.npz") and sent("checkpoints/mnist-dlgmm/weights.safetensors")


@pytest.mark.parametrize(
    "path",
    [
        *(".git/config", "tests/test_app.py", "README.md", ".venv/bin/python", ".streamlit/secrets.toml"),
        *("checkpoints/mine/run.json", "checkpoints/mine/training.safetensors", "checkpoints/mine/job.log"),
        *("checkpoints/.mine.lock", "ui/__pycache__/main.cpython-311.pyc"),
    ],
)
def test_the_container_holds_nothing_of_anybodys_own(path: str) -> None:
    assert not sent(path)


def test_the_container_runs_as_an_unprivileged_user_with_a_health_check() -> None:
    user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert user == ["laboratory"] and f"--uid 10001 {user[0]}" in DOCKERFILE
    assert DOCKERFILE.index("USER") < DOCKERFILE.index("CMD")
    assert "/_stcore/health" in DOCKERFILE.partition("HEALTHCHECK")[2]
    assert "--require-hashes" in DOCKERFILE
