"""Python imports a module of this name at its start: the folder is the first of PYTHONPATH below a run.

It takes itself away and gives way to the one that would have been imported, if there is one. Older Pythons
than 3.8, and 2 as well, are left alone.
"""

import sys

_folder = __file__.rpartition("/")[0]
try:
    if sys.version_info >= (3, 8):
        import _gitexp_observe

        _gitexp_observe.begin()
except Exception:  # noqa: BLE001  # whatever it is, it is not the program's trouble
    pass
sys.path[:] = [_entry for _entry in sys.path if _entry != _folder]
sys.path_importer_cache.pop(_folder, None)
sys.modules.pop("sitecustomize", None)
# That there is none is for Python to know, as it would without us.
import sitecustomize  # noqa: E402, F401
