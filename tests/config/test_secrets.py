"""Secrets come from where the configuration says, and never show."""

import sys
import time
from pathlib import Path

import pytest

from iccon.config import secrets
from iccon.config.schema import Secret
from iccon.config.secrets import SecretFault, resolve


def fault(secret: Secret) -> str:
    with pytest.raises(SecretFault) as caught:
        resolve(secret)
    assert "hunter2" not in str(caught.value) + repr(caught.value)
    return caught.value.reason


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", code)


def test_a_literal() -> None:
    assert resolve(Secret(literal="hunter2")) == "hunter2"
    assert "hunter2" not in repr(Secret(literal="hunter2"))
    assert repr(Secret(env="TOKEN")) == "Secret(env='TOKEN')"


def test_no_source_at_all() -> None:
    assert fault(Secret())


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "hunter2")
    assert resolve(Secret(env="A_TOKEN")) == "hunter2"
    monkeypatch.setenv("A_TOKEN", "")
    assert "empty" in fault(Secret(env="A_TOKEN"))
    monkeypatch.delenv("A_TOKEN")
    assert "A_TOKEN is not set" in fault(Secret(env="A_TOKEN"))


def test_a_value_that_no_header_can_carry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "hunter2\r\nX-Evil: 1")
    assert "line breaks" in fault(Secret(env="A_TOKEN"))


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("hunter2\n")
    path.chmod(0o600)
    assert resolve(Secret(file=str(path))) == "hunter2"
    path.chmod(0o604)
    assert f"chmod 600 {path}" in fault(Secret(file=str(path)))
    path.chmod(0o600)
    path.write_bytes(b"hunter2\xff")
    assert "UTF-8" in fault(Secret(file=str(path)))
    path.write_bytes(b"hunter2" * 10_000)
    assert "65536 bytes" in fault(Secret(file=str(path)))
    path.unlink()
    assert "No such file" in fault(Secret(file=str(path)))


def test_a_command_gives_its_first_line() -> None:
    assert resolve(Secret(command=python("print('hunter2'); print('second line')"))) == "hunter2"


def test_a_command_is_run_without_a_shell(tmp_path: Path) -> None:
    words = python("import sys; print(sys.argv[1])")
    assert resolve(Secret(command=(*words, f"$(touch {tmp_path}/x); hunter2"))).startswith("$(touch")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("print('hunter2'); raise SystemExit(3)", "ended with code 3"),
        ("pass", "empty secret"),
        ("import sys; sys.stderr.write('hunter2'); raise SystemExit(1)", "ended with code 1"),
        ("print('hunter2\\x1b')", "control characters"),
        ("while True: print('hunter2' * 1000)", "65536 bytes"),
        ("import os; os.write(1, b'\\xff')", "UTF-8"),
        ("import sys; print(sys.stdin.read())", "empty secret"),
    ],
)
def test_a_command_that_gives_none(code: str, reason: str) -> None:
    assert reason in fault(Secret(command=python(code)))


def test_a_program_that_does_not_exist() -> None:
    assert "cannot run no-such-program-here" in fault(Secret(command=("no-such-program-here",)))


def test_a_command_that_hangs_is_ended_with_its_children(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(secrets, "DEADLINE", 0.5)
    pids = tmp_path / "pid"
    child = f"import os, time; open({str(pids)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {child!r}])"
    assert "within 0.5 s" in fault(Secret(command=python(code)))
    pid = int(pids.read_text()) if pids.exists() else None
    assert pid is None or _gone(pid)


def _gone(pid: int) -> bool:
    """Killed processes are reaped by their parent or init a moment later."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


class Ring:
    """A keyring back end with one secret."""

    def get_password(self, service: str, user: str) -> str | None:
        if service == "broken":
            raise RuntimeError("hunter2")
        return "hunter2" if (service, user) == ("iccon", "team/pagerduty") else None


def test_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", Ring())
    assert resolve(Secret(keyring="iccon/team/pagerduty")) == "hunter2"
    assert "keyring set iccon other" in fault(Secret(keyring="iccon/other"))
    assert "RuntimeError" in fault(Secret(keyring="broken/x"))


def test_the_keyring_package_may_be_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "iccon[keyring]" in fault(Secret(keyring="iccon/x"))


def test_no_descriptor_is_left_open() -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(5):
        resolve(Secret(command=python("print(1)")))
    assert len(list(Path("/dev/fd").iterdir())) == before
