"""[runbooks.sources]: each kind has its keys, names differ, secrets stay secret."""

from pathlib import Path

import pytest

from iccon.config.load import folders, load, secrets_of

GOOD = """
[runbooks]
folders = ["books"]
exclude = ["archive/*"]
[runbooks.sources.ops]
kind = "folder"
path = "ops"
include = ["teams/*"]
[runbooks.sources.docs]
kind = "web"
url = "http://10.0.0.7:8080/docs"
[runbooks.sources.wiki]
kind = "confluence"
url = "https://x.example.org/wiki"
spaces = ["OPS"]
email = "me@example.org"
token = { env = "WIKI" }
[runbooks.sources.notes]
kind = "notion"
token = { env = "NOTION" }
refresh = 600
"""


def read(folder: Path, text: str):
    places = folders({"ICCON_HOME": str(folder)})
    places.config_file.write_text(text)
    return load(None, places)


def test_every_kind_loads_with_absolute_paths_and_secrets_by_reference(tmp_path: Path) -> None:
    loaded = read(tmp_path, GOOD)
    assert loaded.problems == ()
    assert loaded.config.runbooks.sources["ops"].path == str(tmp_path / "ops")
    assert loaded.config.runbooks.folders == (str(tmp_path / "books"),)
    assert [key for key in secrets_of(loaded.config) if "sources" in key] == [
        "runbooks.sources.wiki.token",
        "runbooks.sources.notes.token",
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('kind = "wiki"', 'kind: "wiki", expected one of folder, web, confluence, notion'),
        ('kind = "folder"', "path: nothing, expected a path"),
        ('kind = "web"', "url: nothing, expected a url"),
        ('kind = "web"\nurl = "ftp://x"', "url: a URL without http"),
        ('kind = "web"\nurl = "https://x"\nspaces = ["A"]', "spaces: spaces, expected one of url, token"),
        ('kind = "confluence"\nurl = "https://x"\ntoken = { env = "T" }', "spaces: nothing, expected a spaces"),
        ('kind = "notion"', "token: nothing, expected a token"),
        ('kind = "notion"\ntoken = "plain"', "token: a secret written out in a file that others can read"),
        ('kind = "web"\nurl = "http://wiki"\ntoken = { env = "T" }', "url: http:// and a token, expected https://"),
        ('kind = "web"\nurl = "https://x"\nrefresh = 0', "refresh: 0, expected a number"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(tmp_path: Path, table: str, said: str) -> None:
    text = f"[runbooks.sources.docs]\n{table}\n"
    assert any(f"runbooks.sources.docs.{said}" in problem.said for problem in read(tmp_path, text).problems)


@pytest.mark.parametrize(
    ("name", "said"),
    [('"a:b"', "a name with other characters"), ("books", "as one of runbooks.folders is named")],
)
def test_names_that_would_be_mistaken_are_refused(tmp_path: Path, name: str, said: str) -> None:
    text = f'[runbooks]\nfolders = ["x/books"]\n[runbooks.sources.{name}]\nkind = "folder"\npath = "y"\n'
    (problem,) = read(tmp_path, text).problems
    assert said in problem.said
