"""Child processes that leave nothing behind.

- `process`: `Process`, a child with all it starts.
- `family`: finds and ends a child's descendants. `watchdog`: ends them if this program is killed; run as a module.
- `supervised_child`: a child with a supervisor between it and this process. `supervisor`: the supervisor's program.
"""
