"""ESCO as a whole, opened or made while others go on: in a process of its own, so that nobody is slowed down."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from kg import child_process
from kg.errors import KgError

if TYPE_CHECKING:
    from kg.linking.database import Database


class BackgroundDatabase:
    """The database of ESCO, or none until it is there.

    Arguments:
        project: as of `Database.open`.
        imported: as of `Database.open`.

    """

    def __init__(self, project: Path, imported: Path | None = None) -> None:
        self._project, self._imported = project, imported
        self._lock, self._done = threading.Lock(), threading.Event()
        self._begun = False
        self._database: Database | None = None

    def begin(self) -> None:
        """Begin to open or make it, unless that has begun; nobody waits for it."""
        with self._lock:
            if not self._begun:
                self._begun = True
                threading.Thread(target=self._open, name="esco", daemon=True).start()

    def get(self, wait: float = 0.0) -> Database | None:
        """Return it, or None where it is not there after so many seconds, or cannot be made."""
        self.begin()
        self._done.wait(wait)
        return self._database

    def _open(self) -> None:
        from kg.linking.database import Database  # Heavy, and not needed before somebody looks for something.

        try:
            self._database = Database.kept(self._project, self._imported)
            if self._database is None:
                request = [str(self._project), str(self._imported or "")]
                child_process.run("kg.linking.background_process", request)
                self._database = Database.open(self._project, self._imported)
        except KgError as error:
            logging.getLogger("kg").warning("ESCO as a whole is not searched: %s", error)
        finally:
            self._done.set()
