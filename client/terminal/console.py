"""The terminal itself: lines are printed while lines are typed, and neither spoils the other."""

import asyncio
import os
import shutil
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from getpass import getpass
from io import TextIOWrapper
from typing import Final, cast

from client.terminal.text import harmless, width

PROMPT: Final = "> "
TYPED_AHEAD: Final = 100  # lines; more wait in the pipe


class Pipe:
    """Lines from one file and to another, as in a script."""

    def __init__(self, source: TextIOWrapper, sink: TextIOWrapper) -> None:
        self._source = source
        self._sink = sink

    def show(self, lines: Iterable[str]) -> None:
        """Print lines of whatever origin: nothing in them is obeyed by a terminal."""
        self._write("".join(f"{harmless(line)}\n" for line in lines))

    def ask(self, question: str) -> str:
        """A line, before anything else is typed. Raises `EOFError`."""
        self.show([question])
        return self._line()

    def ask_secret(self, question: str) -> str:
        """Likewise; where there is a terminal, it does not show what is typed."""
        return self.ask(question)

    async def typed(self) -> AsyncIterator[str]:
        """The lines typed from now on. They are read in a thread, which ends with the program at the latest."""
        loop, lines, space = asyncio.get_running_loop(), asyncio.Queue[str | None](), threading.Semaphore(TYPED_AHEAD)

        def read() -> None:
            line: str | None = ""
            with suppress(RuntimeError):  # the loop is closed, and nobody waits for lines any more
                while line is not None:
                    space.acquire()
                    line = self._next()
                    loop.call_soon_threadsafe(lines.put_nowait, line)

        threading.Thread(target=read, daemon=True).start()
        while (line := await lines.get()) is not None:
            space.release()
            yield line

    def _next(self) -> str | None:
        try:
            return self._line()
        except (EOFError, OSError, ValueError):  # ValueError: of a file that was closed
            return None

    def _line(self) -> str:
        line = self._source.readline()
        if not line:
            raise EOFError
        return line.rstrip("\r\n")

    def _write(self, text: str) -> None:
        try:
            self._sink.write(text)
            self._sink.flush()
        except OSError:  # nobody reads any more: as if the terminal had been closed
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._sink.fileno())
            signal.raise_signal(signal.SIGHUP)


class Terminal(Pipe):
    """A terminal with somebody before it: a prompt, and a line that can be edited. Its history is kept nowhere."""

    def __init__(self, source: TextIOWrapper, sink: TextIOWrapper) -> None:
        import readline  # noqa: PLC0415 - it takes hold of the terminal

        super().__init__(source, sink)
        self._line_buffer = readline.get_line_buffer
        self._is_typing = False

    def show(self, lines: Iterable[str]) -> None:
        """Print above the line that is being typed."""
        text = "".join(f"{harmless(line)}\n" for line in lines)
        if text and self._is_typing:
            typed = self._line_buffer()
            above = width(PROMPT + typed) // shutil.get_terminal_size().columns
            up = f"\x1b[{above}A" if above else ""
            text = f"{up}\r\x1b[J{text}{PROMPT}{typed}"
        self._write(text)

    def close(self) -> None:
        """Take the prompt away."""
        self._write("\r\x1b[J")

    def ask(self, question: str) -> str:
        return input(f"{question} ")

    def ask_secret(self, question: str) -> str:
        return getpass(f"{question} ")

    def _line(self) -> str:
        self._is_typing = True
        try:
            return input(PROMPT)
        except EOFError:
            self._write("\n")  # Ctrl-D leaves the prompt standing
            raise
        finally:
            self._is_typing = False


@contextmanager
def console() -> Iterator[Pipe]:
    """The one of this process. A terminal is given back as it was."""
    source, sink = cast(TextIOWrapper, sys.stdin), cast(TextIOWrapper, sys.stdout)
    for file in (source, sink):
        file.reconfigure(errors="replace")
    if not (source.isatty() and sink.isatty()):
        yield Pipe(source, sink)
        return
    try:
        import termios  # noqa: PLC0415 - only where there are terminals

        terminal = Terminal(source, sink)
    except ImportError:  # a Python without readline
        yield Pipe(source, sink)
        return
    before = termios.tcgetattr(source)
    try:
        yield terminal
    finally:
        terminal.close()
        termios.tcsetattr(source, termios.TCSADRAIN, before)
