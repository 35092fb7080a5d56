"""A meter's private key in a file of its own: 64 hexadecimal digits, readable by nobody else."""

import os
from pathlib import Path

from exchange.signing import KEY_BYTES, new_private_key, public_key_of
from web.cli.talk import ExitCode, Failure


def make_key(path: Path) -> bytes:
    """Write a new private key to a file that is not there yet, and return its public key. Raises `Failure`."""
    private_key = new_private_key()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{private_key.hex()}\n")
    except FileExistsError:
        raise Failure(f"{path} is there already: a key is never written over.", ExitCode.USAGE) from None
    except OSError as fault:
        raise Failure(f"{path} can't be written: {fault.strerror}.", ExitCode.USAGE) from None
    return public_key_of(private_key)


def read_key(path: Path) -> bytes:
    """The private key in a file. Raises `Failure`."""
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as fault:
        raise Failure(f"{path} can't be read: {fault.strerror}.", ExitCode.USAGE) from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Failure(f"{path} holds no key: suanli meter new makes one.", ExitCode.USAGE)
    return key
