"""Where things live on this machine. Apart from loading, because a start without a configuration needs nothing more."""

from collections.abc import Mapping
from pathlib import Path

from iccon.config.schema import Folders


def folders(environ: Mapping[str, str]) -> Folders:
    """Return where things live: under ICCON_HOME when it is set, else where the platform keeps such things."""
    if home := environ.get("ICCON_HOME"):
        base = Path(home).expanduser().absolute()
        return Folders(config=base, data=base / "data", cache=base / "cache", logs=base / "logs")
    from platformdirs import PlatformDirs  # not needed under ICCON_HOME

    dirs = PlatformDirs("iccon", appauthor=False)
    return Folders(dirs.user_config_path, dirs.user_data_path, dirs.user_cache_path, dirs.user_log_path)


def chosen(option: str | None, environ: Mapping[str, str]) -> Path | None:
    """Return the configuration file named by `--config`, else by ICCON_CONFIG; None for the usual one."""
    name = option or environ.get("ICCON_CONFIG")
    return Path(name).expanduser().absolute() if name else None
