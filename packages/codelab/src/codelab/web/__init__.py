"""The codelabs in the browser: one local page on the parser, the checks and the local cloud of the commands."""
