"""The bundled folders are found, in a checkout and in an installed package."""

from pathlib import Path

import pytest

from iccon import resources


def test_the_bundled_folders_hold_toml_files() -> None:
    for folder in (resources.themes_dir(), resources.layouts_dir()):
        assert len(list(folder.glob("*.toml"))) >= 5


def test_inside_an_installed_package_they_lie_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "iccon"
    (package / "themes").mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.themes_dir() == package / "themes"
    assert resources.layouts_dir() == tmp_path / "layouts"
