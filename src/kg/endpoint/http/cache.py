"""Results that were given before: bytes by key, the least recently used ones go first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, Final

_OVERHEAD: Final = 1024  # Bytes that Python takes for an entry beside its data, about.


class Cache:
    """A mapping with a budget in bytes; safe for threads.

    Arguments:
        budget: bytes in all; one entry may take a quarter of them.

    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._lock = threading.Lock()
        self._entries: OrderedDict[bytes, tuple[Any, int]] = OrderedDict()
        self.size = self.hits = self.misses = 0

    def get(self, key: bytes) -> Any:
        """Return what is kept under a key, or None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                self.misses += 1
                return None
            self.hits += 1
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: bytes, value: Any, size: int) -> None:
        """Keep a value of so many bytes, and drop what it leaves no room for."""
        size += _OVERHEAD
        if size > self.budget // 4:
            return
        with self._lock:
            self.size += size - self._entries.pop(key, (None, 0))[1]
            self._entries[key] = (value, size)
            while self.size > self.budget:
                self.size -= self._entries.popitem(last=False)[1][1]
