"""Untrusted files and names: an app's, a learner's, or a request's.

`paths`: keep a name inside its folder, and format it for a message.
`saves`: files that are saved, as it happens.
`reading`: read and copy regular files, up to a limit.
"""
