"""What the console costs while nothing happens, and during a drill: CPU, bytes, memory; beside hello world.

python benchmarks/live.py [SECONDS]
"""

import json
import subprocess
import sys
from pathlib import Path

from common import CONSOLE, HELLO, LAST, Meter, env_of, fill, home, memory, runs, table

from iccon.config import schema
from iccon.drill.world import World


def row(name: str, term: Meter, seconds: int) -> tuple[str, ...]:
    """Watch a terminal and return a row."""
    percent, size, writes = term.watch(seconds)
    return name, f"{percent:.2f}", f"{size / 1024:.2f}", f"{writes:.1f}", f"{memory(term.process.pid):.0f}"


def settings(world: World, folder: Path) -> str:
    """Return a configuration file that points at `world`, looked at every 5 s."""
    signals = world.config(schema.Folders(folder, folder, folder, folder)).signals
    lines = [f'prometheus.url = "{world.prometheus.url}"', "[pagerduty]", f'url = "{world.pager.url}"', "refresh = 5"]
    lines += ['token = { env = "BENCH_TOKEN" }', "[signals]", "refresh = 5", f"step = {signals.step}"]
    for name in ("latency", "traffic", "errors", "saturation"):
        signal = getattr(signals, name)
        lines += [f"[signals.{name}]", f"query = {json.dumps(signal.query)}", f'unit = "{signal.unit}"']
    return "\n".join(lines) + "\n"


SERVER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from live import settings
from pathlib import Path
from iccon.drill.scenario_file import find
from iccon.drill.world import World
world = World(find("checkout-latency"), speed=5).start()
print(settings(world, Path(sys.argv[2])).replace(chr(10), chr(0)), flush=True)
time.sleep(600)
"""


def main() -> None:
    """Measure and print."""
    seconds = runs(20)
    rows = []
    with Meter(HELLO, {}) as term:
        term.painted("Hello, World!")
        term.quiet()
        rows.append(row("Textual hello world, idle", term, seconds))
    with home() as folder:
        fill(folder / "data" / "journal.db", 10_000)
        with Meter(CONSOLE, env_of(folder)) as term:
            term.painted(lambda text: LAST in text and "Help" in text)
            term.quiet()
            rows.append(row("console, 10,000 entries, no source", term, seconds))
    with home() as folder:
        argv = [sys.executable, "-c", SERVER, str(Path(__file__).parent), str(folder)]
        server = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            config = server.stdout.readline().rstrip("\n").replace("\0", "\n")
            (folder / "config.toml").write_text('me.name = "kim"\nconsole.zone = "UTC"\n' + config)
            fill(folder / "data" / "journal.db", 10_000)
            with Meter(CONSOLE, {**env_of(folder), "BENCH_TOKEN": "drill-token"}) as term:
                term.painted(lambda text: LAST in text and "checkout" in text)
                term.quiet()
                rows.append(row("console, a drill's outage every 5 s", term, seconds))
        finally:
            server.kill()
            server.wait()
    table("Running costs", ("", "CPU % of a core", "KB/s", "writes/s", "MiB"), rows)


if __name__ == "__main__":
    main()
