"""Code that several tests and the benchmark share, and no product command needs.

- `course`: the modules, from course.yaml, the folders and the READMEs.
- `lanes`: ways to run the suite with real components, and the tools that each needs.
- `apps`: folders running on a local cloud.
- `emulators`: Google's Datastore and Firestore emulators.
- `containers`: Dockerfiles built and run for real.
- `relays`: relays that record what passes, stall, or reset connections.
"""
