"""Errors that are the user's to mend, and are shown as one line."""


class VoxnasError(Exception):
    """Says in one line what is wrong, in which file or setting, and what to do about it."""


class InputError(VoxnasError):
    """The recordings, a file or a setting cannot be used: no candidate of a sweep could do better."""


class Stop(SystemExit):
    """Ends the program, and a sweep with it, after `message` has been shown."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message, code)
        self.message, self.code = message, code
