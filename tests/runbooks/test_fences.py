"""Which commands a step has, what each is for, and that their text is the fence's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iccon.incident.runs import RunRole
from iccon.runbooks.fences import LONGEST, Commands, Fence, commands
from iccon.runbooks.model import Document, Runbook
from iccon.runbooks.sections import headings
from iccon.runbooks.steps import steps
from iccon.text import CUT, clean, clean_block

BOOK = """# Disk

1. Look:

   ```bash
   df -h   "$SERVICE"
     indented
   ```

   - a remark

   Verify: below 80 %.

   ```bash
   echo ok
   ```

   Rollback: nothing to do.

   1. An inner step

      ```sh
      inner
      ```

2. Nothing to run
3. Two

   ```{.bash}
   one
   ```

   ```sh dry-run
   try
   ```

   ```sh rollback
   back
   ```

## Apart

```python
print(1)
```

```python verify
print(2)
```

Verification: by eye.

Another thing.

```console
$ ls
```

```bash
later
```
"""


def document(text: str) -> Document:
    kept = clean_block(text)
    return Document(Runbook("/books", "disk.md", clean("Disk")), kept, headings(kept), "0")


def found(text: str = BOOK) -> dict[str, Commands]:
    book = document(text)
    return {str(step.text): commands(book, step) for step in steps(book)}


def said(each: Commands) -> list[tuple[str, str, RunRole]]:
    return [(fence.language, fence.code, fence.role) for fence in each.fences]


def test_a_step_has_its_own_fences_with_what_each_is_for() -> None:
    by_step = found()
    first = by_step["Look:"]
    assert said(first) == [
        ("bash", 'df -h   "$SERVICE"\n  indented\n', RunRole.COMMAND),
        ("bash", "echo ok\n", RunRole.VERIFY),
    ]
    assert (first.verify, first.rollback) == ("", "Rollback: nothing to do.")
    assert said(by_step["An inner step"]) == [("sh", "inner\n", RunRole.COMMAND)]
    assert by_step["Nothing to run"].fences == ()
    assert [fence.role for fence in by_step["Two"].fences] == [RunRole.COMMAND, RunRole.DRY_RUN, RunRole.ROLLBACK]


def test_a_fence_by_itself_has_those_that_follow_for_it() -> None:
    by_step = found()
    assert said(by_step["print(1)"]) == [
        ("python", "print(1)\n", RunRole.COMMAND),
        ("python", "print(2)\n", RunRole.VERIFY),
    ]
    assert said(by_step["$ ls"]) == [("", "ls\n", RunRole.COMMAND)]
    assert said(by_step["later"]) == [("bash", "later\n", RunRole.COMMAND)]


@pytest.mark.parametrize(
    ("fence", "why"),
    [
        ("```\nls\n```", "no language"),
        ("```console\n$ ls\n```", "no language"),
        ("```ruby\nls\n```", "no language"),
        ("```sh\necho \x1b[31m\n```", "a terminal would obey"),
        ("```sh\necho \udcff\n```", "a terminal would obey"),
    ],
)
def test_what_is_not_run_says_why(fence: str, why: str) -> None:
    book = document(f"1. Step\n\n{''.join(f'   {line}{chr(10)}' for line in fence.split(chr(10)))}")
    (fence,) = commands(book, steps(book)[0]).fences
    assert why in fence.trouble


def test_a_command_that_was_cut_or_is_a_program_is_not_run() -> None:
    assert "longer" in Fence("sh", "x" * (LONGEST + 1), RunRole.COMMAND).trouble
    assert "longer" in Fence("sh", f"echo {CUT}", RunRole.COMMAND).trouble
    assert Fence("sh", "x" * LONGEST, RunRole.COMMAND).trouble == ""


@given(st.text(max_size=300))
def test_any_text_has_commands_or_none_and_never_raises(text: str) -> None:
    book = document(text + "\n\n```sh\nls\n```\n")
    for step in steps(book):
        for fence in commands(book, step).fences:
            assert all(line in book.text for line in fence.code.split("\n"))


@pytest.mark.parametrize(
    ("fence", "command"),
    [
        ("$ kubectl get node $NODE -o yaml", "kubectl get node $NODE -o yaml\n"),
        ("\n  $ one\nrm -rf / was printed\n  $ two --all\n", "one\ntwo --all\n"),
        ("$ one \\\n    --long\nprinted\n", "one \\\n--long\n"),
        ("echo $ HOME", "echo $ HOME\n"),
    ],
)
def test_of_a_session_only_what_was_typed_is_the_command(fence: str, command: str) -> None:
    (each,) = found(f"# A\n\n```sh\n{fence}\n```\n").values()
    assert [(f.code, f.trouble) for f in each.fences] == [(command, "")]


@pytest.mark.parametrize("fence", ["$ cat <<EOF\nrm -rf /\nEOF", "$ one \\\n> two\n", "$ one \\\n$ two\n"])
def test_a_session_in_which_it_is_doubtful_what_was_typed_is_not_run(fence: str) -> None:
    (each,) = found(f"# A\n\n```bash\n{fence}\n```\n").values()
    assert "a session" in each.fences[0].trouble
