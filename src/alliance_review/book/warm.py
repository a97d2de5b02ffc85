"""A warm interpreter: ``python -m MODULE`` without paying for the imports again.

Starting a notebook's kernel costs about a second, importing pandas and matplotlib in it two more,
and a book of twenty chapters pays both twenty times. Here one server process imports the common
packages once and *forks* for every later start: the fork begins where ``python -m MODULE`` would
be after its imports, in its own process, with its own state.

The parts, all in this file:

- the server (``python -m alliance_review.book.warm --serve SOCKET``), single-threaded, so that it
  may fork safely; it ends when its standard input closes, that is with its parent;
- the client (``python -S warm.py SOCKET MODULE ARG...``), a tiny process that stands for the fork:
  it lends its standard streams, folder and environment, waits, and leaves with the same exit code.
  When the client is killed, so is the fork. Whoever starts processes (here ``jupyter_client``)
  needs to know nothing of all this;
- `WarmInterpreter`, which starts the server and says which command runs a module. Where forking is
  unsafe or the server does not come up, that is the ordinary ``python -m MODULE``.

The top of this file imports only what the client needs: it must start in a few milliseconds.
"""

import array
import json
import os
import socket
import sys

#: Imported once by the server. Each costs a fresh kernel between 0.1 and 2 seconds.
PRELOAD = (
    "numpy",
    "pandas",
    "scipy.optimize",
    "scipy.stats",
    "matplotlib.figure",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "IPython.core.interactiveshell",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.ipkernel",
    "alliance_review.analysis",
    "alliance_review.evidence",
    "alliance_review.figures",
    "alliance_review.reporting",
)
READY = b"ready"
START_TIMEOUT = 60.0


# --- client -----------------------------------------------------------------------------------


def run_client(path: str, module: str, arguments: list[str]) -> int:
    """Have the server at `path` run ``module`` in a fork and return its exit code."""
    request = json.dumps(
        {
            "module": module,
            "arguments": arguments,
            "folder": os.getcwd(),
            "environment": dict(os.environ),
        }
    ).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        streams = array.array("i", [0, 1, 2])
        header = len(request).to_bytes(8, "big")
        connection.sendmsg([header], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
        connection.sendall(request)
        code = connection.recv(1)
    return code[0] if code else 1


# --- server -----------------------------------------------------------------------------------


def preload(modules: tuple[str, ...] = PRELOAD) -> None:
    """Import `modules`; one that does not exist or fails is left for the fork to complain of."""
    import contextlib
    import importlib

    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def serve(path: str) -> None:
    """Import the common packages, then fork once per request until standard input closes."""
    import select
    import signal

    here = os.getcwd()
    sys.path[:] = [entry for entry in sys.path if entry and entry != here]  # as a kernel has it
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        preload()
        listener.listen(64)
        os.write(1, READY + b"\n")
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the handlers
        while True:
            readable, _, _ = select.select([listener, 0], [], [])
            if 0 in readable and not os.read(0, 1):
                return
            if listener in readable:
                connection, _ = listener.accept()
                if os.fork() == 0:
                    listener.close()
                    _handle(connection)
                connection.close()


def _handle(connection: socket.socket) -> None:
    """In the handler process: fork the worker, wait, report its exit code. Never returns."""
    import contextlib
    import signal
    import threading

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    descriptors = array.array("i")
    header, ancillary, _, _ = connection.recvmsg(8, socket.CMSG_LEN(3 * descriptors.itemsize))
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data)
    size, request = int.from_bytes(header, "big"), b""
    while len(request) < size:
        piece = connection.recv(size - len(request))
        if not piece:
            os._exit(1)
        request += piece
    worker = os.fork()
    if worker == 0:
        connection.close()
        _work(json.loads(request), list(descriptors))
    for descriptor in (*descriptors, 0, 1, 2):
        os.close(descriptor)

    def end_with_client() -> None:
        with contextlib.suppress(OSError):
            connection.recv(1)  # returns when the client has gone
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)

    threading.Thread(target=end_with_client, daemon=True).start()
    _, status = os.waitpid(worker, 0)
    code = os.waitstatus_to_exitcode(status)
    with contextlib.suppress(OSError):
        connection.sendall(bytes([code if 0 <= code < 256 else 1]))
    os._exit(0)


def _work(request: dict, streams: list[int]) -> None:
    """In the worker process: become ``python -m module``. Never returns."""
    import random
    import runpy
    import traceback

    code = 1
    try:
        for target, descriptor in enumerate(streams):
            os.dup2(descriptor, target)
            os.close(descriptor)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        random.seed()
        if "numpy" in sys.modules:  # forks must not share one stream of random numbers
            sys.modules["numpy"].random.seed()
        sys.argv = [request["module"], *request["arguments"]]
        sys.path.insert(0, request["folder"])  # as ``python -m`` does
        try:
            runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
            code = 0
        except SystemExit as stop:
            if isinstance(stop.code, str):
                print(stop.code, file=sys.stderr)
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        except BaseException:
            traceback.print_exc()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    finally:
        os._exit(code)


# --- the side that starts it ------------------------------------------------------------------


class WarmInterpreter:
    """The command that runs a module, warm where possible.

    Parameters
    ----------
    environment
        Environment of the server; a fork gets the environment of its client instead.
    enabled
        False: always the ordinary command (used where outputs are compared).

    Notes
    -----
    Only on Linux: forking after imports is unsafe with macOS's frameworks and does not exist on
    Windows.
    """

    def __init__(self, environment: dict[str, str], *, enabled: bool = True) -> None:
        self._environment = environment
        self._enabled = enabled and sys.platform == "linux"
        self._process = None
        self._folder = None
        self._ready = False

    def start(self) -> "WarmInterpreter":
        """Start the server without waiting for it: its imports run beside the caller's work."""
        import subprocess
        import tempfile

        if self._enabled and self._process is None:
            self._folder = tempfile.mkdtemp(prefix="review-")
            command = [sys.executable, "-m", __name__, "--serve", self._socket]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment,
            )
        return self

    @property
    def _socket(self) -> str:
        return os.path.join(self._folder, "s")  # short: the limit is about 100 characters

    def ready(self) -> bool:
        """Wait until the server is up; False when it is not to be had."""
        import select

        if self._process is None:
            return False
        if not self._ready:
            readable, _, _ = select.select([self._process.stdout], [], [], START_TIMEOUT)
            if not readable or self._process.stdout.readline().strip() != READY:
                self.close()
                return False
            self._ready = True
        return self._process.poll() is None

    def command(self, module: str, *arguments: str) -> list[str]:
        """Return the command line that runs ``module`` with `arguments`."""
        if self.ready():
            return [sys.executable, "-I", "-S", __file__, self._socket, module, *arguments]
        return [sys.executable, "-m", module, *arguments]

    def close(self) -> None:
        """End the server and remove its socket."""
        import shutil
        import subprocess

        process, ready = self._process, self._ready
        self._process, self._ready = None, False
        if process is not None:
            process.stdin.close()
            if not ready:  # still importing: it would notice only afterwards
                process.kill()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __enter__(self) -> "WarmInterpreter":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
    else:
        sys.exit(run_client(sys.argv[1], sys.argv[2], sys.argv[3:]))
