"""The codelabs in the browser: one local page for the commands, with the apps running next to the text.

- `server`: the `serve` command, which runs the Flask app on the guarded listener of localcloud.pages
- `app`: makes the Flask app
- `source_pages`: files and folders that the texts link to
- `track_pages` and `actions`: the routes of a track, those that show and those that change something
- `state`: what the pages show: the course, the learner's copies and the running apps
- `checks`: runs checks behind the pages, and `live` reports their news and saved files to open pages
- `app_runner`: runs START, the copy and FINISH of a track, and `calls` explains what they call
- `assessment_pages`: the form for an app of the user's own, and its report; `assessments` runs `assessment_child`
- `course_map` and `question`: the map of the tracks, and what it asks first
- `rendering`, `diff_html`, `page_links`: a README as HTML, its diffs, and what the page has for a link or a command
- `step_states`, `finding_html`, `step_changes`: how far a step is, what it misses, and changes by step
- `draw` and `screenshots`: programs for authors, which make the pictures
"""
