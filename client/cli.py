"""The `openchair` command: the server's commands, and those of somebody who comes in."""

from server.cli import app

__all__ = ["app", "main"]


def main() -> None:
    app()
