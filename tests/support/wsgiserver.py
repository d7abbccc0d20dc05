"""A WSGI application on a loopback port, on a thread of its own."""

import contextlib
from collections.abc import Iterator
from threading import Thread
from typing import Any

from werkzeug.serving import make_server


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve `app` and give its address."""
    http = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=http.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
