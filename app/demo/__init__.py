"""A territory to look at: real schools and places; invented students, companies and opportunities.

`python -m app demo` and `python -m app serve --prepare` load it into an empty database.
"""

from app.demo.personas import welcome
from app.demo.service import Loaded, Size, is_empty, load

__all__ = ["Loaded", "Size", "is_empty", "load", "welcome"]
