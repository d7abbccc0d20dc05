"""Getting a secret from where the configuration says it is. Its value is never logged, shown or put in an error."""

import os
import select
import signal
import subprocess
from pathlib import Path

from iccon.clock import SystemClock
from iccon.config.schema import Secret
from iccon.text import clean

DEADLINE = 10.0  # seconds for a program to print the secret; it may have to ask an agent
_clock = SystemClock()  # a program's deadline is the machine's own time, in drills too
LIMIT = 65_536  # bytes; more is no secret


class SecretFault(Exception):
    """A secret could not be had. `reason` is clean, one line, and never holds the value."""

    def __init__(self, reason: object) -> None:
        self.reason = clean(reason, 300)
        super().__init__(self.reason)


def resolve(secret: Secret) -> str:
    """Return the secret's value. Blocking, up to ten seconds for a command. Raises SecretFault."""
    if secret.literal is not None:
        return _usable(secret.literal, "the configuration file")
    if secret.env is not None:
        return _from_environment(secret.env)
    if secret.file is not None:
        return _from_file(Path(secret.file))
    if secret.command is not None:
        return _from_command(secret.command, DEADLINE)
    if secret.keyring is not None:
        return _from_keyring(secret.keyring)
    raise SecretFault("the secret names no source")


def _usable(value: str, source: str) -> str:
    """Take the line break off; refuse what no header can carry, before a library puts it into an error message."""
    value = value.strip("\r\n")
    if not value:
        raise SecretFault(f"{source} gives an empty secret")
    if not value.isprintable():
        raise SecretFault(f"{source} gives a secret with line breaks or control characters")
    return value


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise SecretFault(f"the environment variable {name} is not set")
    return _usable(value, f"the environment variable {name}")


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & 0o077:
                raise SecretFault(f"{path} can be read by others: chmod 600 {path}")
            return _text(file.read(LIMIT + 1), str(path))
    except OSError as error:
        raise SecretFault(f"{path}: {error.strerror}") from None


def _text(raw: bytes, source: str) -> str:
    if len(raw) > LIMIT:
        raise SecretFault(f"{source} gives more than {LIMIT} bytes")
    try:
        return _usable(raw.decode(), source)
    except UnicodeDecodeError:
        raise SecretFault(f"{source} gives bytes that are not UTF-8") from None


def _from_command(words: tuple[str, ...], deadline: float) -> str:
    """Return the first line that a program prints. It has no input, and is ended with all its children in time."""
    program = words[0]
    try:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except (OSError, ValueError) as error:
        raise SecretFault(f"cannot run {program}: {getattr(error, 'strerror', None) or 'not a command'}") from None
    ends = _clock.monotonic() + deadline
    try:
        raw = _output(process, ends)
        if len(raw) > LIMIT:  # it may go on for ever
            return _text(raw, program)
        code = process.wait(max(ends - _clock.monotonic(), 0.1))
    except (TimeoutError, subprocess.TimeoutExpired):
        raise SecretFault(f"{program} gave no secret within {deadline:g} s") from None
    finally:
        _end(process)
    if code != 0:
        raise SecretFault(f"{program} ended with code {code}; run it by hand to see why")
    return _text(raw.partition(b"\n")[0], program)


def _output(process: subprocess.Popen[bytes], ends: float) -> bytes:
    assert process.stdout is not None
    pipe, raw = process.stdout.fileno(), b""
    while len(raw) <= LIMIT:
        ready, _, _ = select.select([pipe], [], [], max(ends - _clock.monotonic(), 0))
        if not ready:
            raise TimeoutError
        chunk = os.read(pipe, LIMIT)
        if not chunk:
            break
        raw += chunk
    return raw


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and whatever it started, so that nothing holds the pipe or asks the terminal later."""
    if process.stdout is not None:
        process.stdout.close()
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            process.kill()
        process.wait()


def _from_keyring(name: str) -> str:
    service, _, user = name.partition("/")
    try:
        import keyring  # an extra, and slow: only who keeps secrets there pays
    except ImportError:
        raise SecretFault("the keyring package is not installed: pip install 'iccon[keyring]'") from None
    try:
        value = keyring.get_password(service, user)
    except Exception as error:  # back ends raise what they like
        raise SecretFault(f"the keyring does not answer: {type(error).__name__}") from None
    if value is None:
        raise SecretFault(f"the keyring has nothing under {name}: keyring set {service} {user}")
    return _usable(value, "the keyring")
