"""The operator's commands, run in this process."""

from typer.testing import CliRunner

from server.cli import app


def run(*arguments: str, data: object, env: dict[str, str] | None = None) -> tuple[int, str]:
    """The exit code of a command and what it wrote, errors and all."""
    result = CliRunner().invoke(app, [*arguments, "--data", str(data)], env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output
