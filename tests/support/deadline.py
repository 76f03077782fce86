"""The one deadline of the suite: how long a test waits for something that must happen."""

from __future__ import annotations

# Seconds. So generous that only a fault reaches it, also on a busy machine whose first start of an app makes its
# environment. What comes after it is pytest's own deadline for a test (pyproject.toml), which shows where a test hangs.
DEADLINE = 300
