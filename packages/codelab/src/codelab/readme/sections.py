"""The titles of the sections that every codelab has, in their order. docs/readme-format.md says what is in each."""

HAVE = "What you will have"
LEARN = "What you will learn"
NEED = "What you need"
START_AND_FINISH = "START and FINISH"
FAILS = "If it fails"
DIFFERENCES = "Differences"
LEARNED = "What you learned"
TRY = "Try it yourself"
REVIEW = "What a reviewer would ask"
COSTS = "What it costs"
DEPLOY = "Deploy to Google Cloud"
CLEAN_UP = "Clean up"
NEXT = "Where to go next"

BEFORE_STEPS = (HAVE, LEARN, NEED, START_AND_FINISH)
AFTER_STEPS = (FAILS, DIFFERENCES, LEARNED, TRY, REVIEW, COSTS, DEPLOY, CLEAN_UP, NEXT)
ALL = (*BEFORE_STEPS, *AFTER_STEPS)
