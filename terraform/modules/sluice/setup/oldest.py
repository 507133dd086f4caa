"""The oldest Python that runs this, in a form that an older one can read."""

OLDEST = (3, 9)
