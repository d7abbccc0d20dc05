"""The wheel holds everything the program reads at run time: built, installed apart from the checkout, and used."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by hatchling itself: no network, no isolated build environment."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(out.glob("iccon-*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; its dependencies are lent by this one, without the editable checkout."""
    home = tmp_path_factory.mktemp("fresh")
    venv.create(home, with_pip=False, symlinks=True)
    site = next((home / "lib").glob("python*")) / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    lent = [entry for entry in sys.path if entry.endswith("site-packages")]
    (site / "lent.pth").write_text("\n".join(lent) + "\n")  # a .pth inside a lent folder is not read
    return home / "bin" / "python"


def run(python: Path, code: str, tmp_path: Path) -> str:
    env = {"PATH": os.environ["PATH"], "ICCON_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}
    done = subprocess.run([python, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def names(*folder: str, suffix: str) -> list[str]:
    return sorted(path.name for path in ROOT.joinpath(*folder).rglob(f"*{suffix}"))


def test_the_wheel_carries_every_file_of_the_package(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "src" / "iccon"
    files = (path.relative_to(package) for path in package.rglob("*") if path.is_file())
    shipped = (path for path in files if not any(part.startswith((".", "__pycache__")) for part in path.parts))
    wanted = {f"iccon/{path}" for path in shipped}
    wanted |= {f"iccon/themes/{name}" for name in names("themes", suffix=".toml")}
    wanted |= {f"iccon/layouts/{name}" for name in names("layouts", suffix=".toml")}
    assert wanted <= inside
    assert "iccon/py.typed" in inside


def test_the_installed_program_is_not_the_checkout(python: Path, tmp_path: Path) -> None:
    where = run(python, "import iccon; print(iccon.__file__)", tmp_path)
    assert Path(where.strip()).is_relative_to(python.parents[1])


def test_it_finds_its_themes_and_layouts(python: Path, tmp_path: Path) -> None:
    code = """
from iccon import resources
for folder in (resources.themes_dir(), resources.layouts_dir()):
    print(*sorted(path.name for path in folder.iterdir()))
"""
    themes, layouts = run(python, code, tmp_path).splitlines()
    assert themes.split() == names("themes", suffix=".toml")
    assert layouts.split() == names("layouts", suffix=".toml")
    assert len(themes.split()) >= 5
    assert {"ic.toml", "secondary.toml", "narrow.toml"} <= set(layouts.split())


def test_it_loads_every_bundled_file(python: Path, tmp_path: Path) -> None:
    code = """
from iccon.cli.main import main
from iccon.config.layout import layouts
from iccon.config.theme import themes
assert (themes()[1], layouts()[1]) == ([], [])
assert main(["declare", "Checkout fails"]) == 0
assert main(["update", "--audience", "customer", "--template", "first-notice"]) == 0
assert main(["drill", "list"]) == 0
assert main(["init"]) == 0
"""
    assert "Checkout" in run(python, code, tmp_path)
