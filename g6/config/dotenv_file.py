"""The file `.env` beside the configuration: variables that need not be exported."""

from __future__ import annotations

from pathlib import Path

from g6.errors import BadConfig

NAME = ".env"


def find_dotenv(config: Path | str | None) -> Path | None:
    """Return the `.env` beside the configuration file, else that of the working directory.

    Args:
        config: The configuration file that was named, empty for none at all. Then nothing else is
            read either: so the processes of a system are given their settings.
    """
    if config == "":
        return None
    beside = Path(config).parent if config is not None else Path("config")
    return next((path for path in (beside / NAME, Path(NAME)) if path.is_file()), None)


def dotenv_variables(path: Path) -> dict[str, str]:
    """Return the variables of a `.env` file by name. A `$` is a character as any other.

    Raises:
        BadConfig: The file cannot be read, or has a line that sets nothing. No value is quoted.
    """
    # Imported where there is such a file: 15 ms that most starts do without.
    from dotenv.parser import parse_stream

    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(
            f"{path} cannot be read", "write NAME=value lines into it, or remove it"
        ) from error
    variables: dict[str, str] = {}
    for binding in bindings:
        if binding.error:
            raise BadConfig(
                f"{path}: line {binding.original.line} is no NAME=value",
                "mend that line, or put a # before it",
            )
        if binding.key is not None:
            variables[binding.key] = binding.value or ""
    return variables
