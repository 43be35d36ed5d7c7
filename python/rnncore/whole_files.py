"""Files that appear only when they are whole."""

import errno
import os
import secrets
import shutil
from contextlib import contextmanager, suppress


@contextmanager
def whole_file(path):
    """Yields a temporary path beside ``path``, renamed onto it when the block ends well and removed when it does not.

    A link stays a link, an old file's permissions stay, and what is no regular file (``/dev/null``) is refused.
    """
    path = os.path.realpath(path)
    exists = os.path.exists(path)
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, "cannot write a file where a folder is", path)
    if exists and not os.path.isfile(path):
        raise FileExistsError(errno.EEXIST, "cannot write: it is no regular file", path)
    if exists and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "cannot write: permission denied", path)
    temporary = os.path.join(os.path.dirname(path), f".{secrets.token_hex(8)}.partial")
    try:
        with naming(path):
            open(temporary, "xb").close()
        yield temporary
        with naming(path):
            if exists:
                shutil.copymode(path, temporary)
            os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(temporary)
        raise


@contextmanager
def naming(path):
    """An ``OSError`` inside names ``path`` rather than the temporary file it came from."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"cannot write: {error.strerror}", path) from None
