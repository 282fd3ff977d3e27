"""Templates that may not name what nobody gave them: a variable that is missing is an error, wherever it is used.

A part that is missing of something that is there stays nothing, as the design system's macros expect.
"""

import sys
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from flask import Flask
from jinja2 import ChainableUndefined, UndefinedError
from jinja2.utils import missing

DESIGN_SYSTEM: Final = "govuk_frontend_jinja"
"""The design system's own templates name many variables that they do without."""


class Demanding(ChainableUndefined):
    """Nothing, where it is a part of something; an error, where it is a variable of the template itself."""

    __slots__ = ("_named_by",)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._named_by = sys._getframe(1).f_code.co_filename

    def _is_variable(self) -> bool:
        mine = DESIGN_SYSTEM not in self._named_by and self._undefined_name != "caller"  # a macro may have no caller
        return self._undefined_obj is missing and mine

    def _fail(self) -> NoReturn:
        raise UndefinedError(f"the template names `{self._undefined_name}`, and nobody gave it")

    def __getattr__(self, name: str) -> "Demanding":
        """A part of nothing; of a missing variable, an error."""
        if name.startswith("__"):
            raise AttributeError(name)
        if self._is_variable():
            self._fail()
        return self

    def __getitem__(self, _name: str) -> "Demanding":  # type: ignore[override]
        """A part of nothing; of a missing variable, an error."""
        if self._is_variable():
            self._fail()
        return self

    def __str__(self) -> str:
        """Nothing to read; of a missing variable, an error."""
        if self._is_variable():
            self._fail()
        return ""

    def __bool__(self) -> bool:
        """No; of a missing variable, an error."""
        if self._is_variable():
            self._fail()
        return False

    def __iter__(self) -> Iterator[object]:
        """Nothing; of a missing variable, an error."""
        if self._is_variable():
            self._fail()
        return iter(())

    def __len__(self) -> int:
        """Nothing; of a missing variable, an error."""
        if self._is_variable():
            self._fail()
        return 0


def demand_all(app: Flask) -> None:
    """Let every template of *app* fail where it names a variable that it was not given."""
    app.jinja_env.undefined = Demanding
