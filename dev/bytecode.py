"""Compiles the modules of a package, for Python to import without compiling: `python3.13 -I dev/bytecode.py IN OUT`.

IN is a zip with sources, OUT one with their bytecode, each under the name where Python 3.13 looks for it. It runs by
itself in the Python that compiles, apart from whatever Python builds the package.

The same sources give the same bytes:

* Bytecode is bound to its source by a hash, not by a time ("Cached bytecode invalidation", the import system), and the
  hash is not checked: both stand in one package, which nobody edits, and which Azure mounts read-only.
* File names in it are those in the package; Python puts the real ones in their place when it imports.
* It is written in version 2 of marshal's format. The later ones mark what is referred to more than once, which depends
  on all else that the process holds, so that one more import could make other bytes.
"""

import importlib.util
import marshal
import sys
import zipfile

_UNCHECKED_HASH = 0b01  # PEP 552
_MARSHAL_VERSION = 2


def main(sources: str, compiled: str) -> None:
    with zipfile.ZipFile(sources) as given, zipfile.ZipFile(compiled, "w") as made:
        for name in given.namelist():
            bytecode = compile_module(name, given.read(name))
            if bytecode is not None:
                made.writestr(importlib.util.cache_from_source(name, optimization=""), bytecode)


def compile_module(name: str, source: bytes) -> bytes | None:
    """Return the content of a module's `.pyc`; None if Python 3.13 can't compile it, as with templates in wheels."""
    try:
        code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError):
        return None
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH.to_bytes(4, "little") + importlib.util.source_hash(source)
    return header + marshal.dumps(code, _MARSHAL_VERSION)


if __name__ == "__main__":
    main(*sys.argv[1:])
