"""The codelabs in the browser: one local page for the commands, with the apps running next to the text.

- `server`: the `serve` command, which runs the Flask app on the guarded listener of localcloud.pages
- `app`: makes the Flask app
- `track_pages` and `actions`: the routes of a track, those that show and those that change something
- `state`: what the pages show: the course, the learner's copies and the running apps
- `app_runner`: runs START, the copy and FINISH of a track; `live` reports saved files to open pages
- `rendering`, `step_changes`, `course_map`: HTML of a README, changes by step, and the map of the tracks
- `draw` and `screenshots`: programs for authors, which make the pictures
"""
