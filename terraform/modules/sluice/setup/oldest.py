"""The oldest Python that runs this, in a form that older ones can read."""

OLDEST = (3, 9)
